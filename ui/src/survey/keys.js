// Keyboard entry of paper sheets: everything on one page, Enter goes on, a number or first letters choose, = is "as last year".
import { acts, boxes, byId, form, on, pathFor } from "./board.js";
import { focusable } from "./fields.js";

const WAIT = 900; // ms between two signs of one number

/** The place of what was typed among `choices` [{number, keys}]; -1 where it means none. Pure. */
export function meant(choices, typed) {
  const text = typed.toLowerCase();
  const fits = (same) => choices.findIndex((one) => [one.number, ...one.keys.split(" ")].some((key) => key && same(key)));
  const exact = fits((key) => key === text);
  return exact < 0 ? fits((key) => key.startsWith(text)) : exact;
}

let typed = "";
let timer = 0;

function choose(target, key) {
  const tiles = target.closest(".choices");
  const list = tiles ? [...tiles.querySelectorAll("input")] : [...target.options].slice(1).filter((one) => !one.disabled);
  const choices = list.map(({ dataset }) => ({ number: dataset.n || "", keys: dataset.k || "" }));
  clearTimeout(timer);
  timer = setTimeout(() => (typed = ""), WAIT);
  typed = meant(choices, typed + key) < 0 ? key : typed + key;
  const one = list[meant(choices, typed)];
  if (!one) return;
  if (target.matches("select")) {
    target.value = one.value;
    change(target);
  } else {
    if (one.type === "checkbox" || !one.checked) one.click(); // a tick goes when its number comes again
    one.focus();
  }
}

const change = (target) => target.dispatchEvent(new Event("change", { bubbles: true }));

/** The fields as they stand on the sheet, one stop for each; the signature stands on the paper. */
function stops() {
  const all = form().querySelectorAll("[data-f]:not([data-t=signature]), [data-moved] .field, .sv-on");
  return [...all].map(focusable).filter((one) => one && one.offsetParent && !one.disabled);
}

/** The stop after (or before) that of a box. */
function go(box, by) {
  const all = stops();
  const next = all[all.findIndex((one) => box.contains(one)) + by];
  if (!next && by < 0) return;
  (next || byId("next")).focus();
  if (next && next.select) next.select();
}

function clear(target, box) {
  const chosen = target.matches("select") ? target : box.querySelector("input[type=radio]:checked");
  if (!chosen) return;
  if (chosen.matches("select")) chosen.value = "";
  else chosen.checked = false;
  change(chosen);
}

function key(event) {
  const { target, key: sign } = event;
  if (event.isComposing || event.altKey || event.metaKey || event.ctrlKey) return;
  const box = target.closest("[data-f], .field");
  if (!box || target.matches("button, summary, a")) return;
  const path = pathFor(target);
  if (sign === "Enter" && event.shiftKey && target.matches("textarea")) return; // a new line
  if (sign === "Enter") {
    event.preventDefault();
    // Leaving the field by Enter asks its question first, as leaving it by Tab does.
    if (target.matches("input.in, textarea")) change(target);
    const question = box.querySelector(".sv-q:not([hidden]) [data-do=keep]");
    if (question && !event.shiftKey) question.focus();
    else go(box, event.shiftKey ? -1 : 1);
  } else if (sign === "=" && path && on.state.last[path] !== undefined) {
    event.preventDefault();
    if (!on.state.same.has(path)) acts.same(path, boxes.get(path));
  } else if (target.matches("select, .choice input")) {
    if (/^[a-z0-9]$/i.test(sign)) choose(target, sign);
    else if (sign === "Backspace" || sign === "Delete") clear(target, box);
    else return;
    event.preventDefault();
    on.state.effort.keystrokes++;
  }
}

/** Turns the form into that for paper sheets. */
export function keyboard() {
  const keep = acts.keep;
  document.body.classList.add("keys");
  form().addEventListener("keydown", key);
  acts.keep = (path, box) => {
    keep(path, box);
    go(box, 1);
  };
}
