// What stands around the control of a field: last year, what it reads, what is wrong, what is asked.
import { inWords, separated } from "../reading.js";
import { read as idNumber, tidy } from "../idcard.js";
import { acts, boxes, more, on, touched, word } from "./board.js";
import { focusable, shown, write } from "./fields.js";
import { later } from "./keeping.js";
import { alike, pathOf, split } from "./state.js";
import { refresh } from "./steps.js";

const LONG = 1000; // yuan from which a sum is read out

/** Fills a line of a box, `kind` its class; without text it is not there. */
export function line(box, kind, text) {
  const node = box.querySelector(kind);
  if (!node || node.textContent === text) return;
  node.textContent = text;
  node.hidden = !text;
}

/** The box of a path is on the page: what does not change is written once. */
export function prepare(path, box) {
  boxes.set(path, box);
  box.dataset.path = path;
  const field = on.state.field(path);
  const last = on.state.last[path];
  if (field.last && last !== undefined) {
    const value = shown(box, last, on.words, field);
    const row = box.querySelector(".sv-last");
    row.hidden = false;
    row.firstElementChild.textContent = word("last", { value });
    box.querySelector(".sv-same").dataset.of = word("of", { name: field.label, label: value });
  }
  if (on.state.get(path) !== undefined || on.state.raw[path]) touched.add(path);
}

/** Everything of a field: its control and what stands around it. */
export function paint(path) {
  const box = boxes.get(path);
  const value = on.state.get(path);
  const { type } = on.state.field(path);
  if (type === "photo" || type === "signature") {
    if (more.paint) more.paint[type](path, box, value);
  } else if (type !== "info" && type !== "total") write(box, value, on.state.raw[path]);
  const button = box.querySelector(".sv-correct");
  if (button) {
    // A number the ledger has is shown masked and not typed over sign by sign: one button makes room for the right one.
    button.hidden = !String(value || "").includes("*");
    box.querySelector(".in").readOnly = !button.hidden;
  }
  around(path, box);
}

/** What follows from the answer of this field alone. */
export function around(path, box) {
  const value = on.state.get(path);
  const button = box.querySelector(".sv-same");
  if (button) {
    const taken = on.state.same.has(path);
    button.setAttribute("aria-pressed", String(taken));
    button.textContent = taken ? on.words.as_last : on.words.same;
    button.setAttribute("aria-label", word("line", { label: button.textContent, say: button.dataset.of }));
    button.hidden = on.state.last[path] === undefined || (!taken && alike(value, on.state.last[path]));
  }
  const chinese = document.documentElement.lang.startsWith("zh"); // the words help nobody on an English page
  const long = box.dataset.t === "money" && chinese && Number(value) >= LONG;
  line(box, ".read", long ? word("read", { words: inWords(value) }) : "");
}

/** What is wrong and what is asked, as the last look at all answers found it. */
export function judge(path, box) {
  wrong(path, box, wrongOf(path));
  const part = box.querySelector(".sv-q");
  const [open, kept] = touched.has(path) ? on.state.asks(path, on.found) : [[], []];
  if (!part && !open.length && !kept.length) return;
  part.hidden = !open.length;
  box.classList.toggle("asking", open.length > 0);
  part.firstElementChild.textContent = open.join("");
  const line = part.nextElementSibling;
  line.hidden = open.length || !kept.length;
  line.firstElementChild.textContent = word("kept", { say: kept.join("") });
}

/** Red under a label; why it came back stands there until it is answered anew. */
export function wrong(path, box, sentence) {
  const back = on.reasons[path] && !on.state.typed.has(path) && !on.state.same.has(path) ? word("returned", { why: on.reasons[path] }) : "";
  line(box, ".err", sentence || back);
  box.classList.toggle("field--err", Boolean(sentence || back));
  const control = box.querySelector(".in");
  if (control) control.setAttribute("aria-invalid", String(Boolean(sentence)));
}

/** The sentence of a problem: the form's own, or that of its code. */
export function sentenceOf({ path, code, say }) {
  const { type, highest } = on.state.field(path) || {};
  if (code === "id_number") {
    const number = tidy(on.state.get(path));
    return word(`id_${idNumber(number).wrong || "length"}`, { n: number.length });
  }
  const key = `${code}_${type || "none"}`;
  return say || word(on.words[key] ? key : code, { most: separated(highest || "") });
}

/** The sentence of a path that cannot stay as it is, "" where it can. What is missing is asked for at the end. */
export function wrongOf(path) {
  if (on.state.raw[path]) return on.words[`type_${on.state.field(path).type}`];
  const found = touched.has(path) && on.found.problems.find((one) => one.path === path && (on.asked || one.code !== "required"));
  return found ? sentenceOf(found) : "";
}

/** A path was answered by the page: shown, kept. */
export function answered(path) {
  touched.add(path);
  paint(path);
  refresh();
  later();
}

export function answer(path, value, how) {
  on.state.put(path, value, how);
  answered(path);
}

Object.assign(acts, {
  same(path) {
    on.state.toggleSame(path);
    answered(path);
  },
});
