// Steps: which is shown, how far each is, and everything of the page that depends on all answers.
import { separated } from "../reading.js";
import { around, judge, paint, prepare, wrongOf } from "./around.js";
import { acts, boxes, byId, form, more, on, sectionOf, sections, touched, word } from "./board.js";
import { need } from "./bring.js";
import { focusable } from "./fields.js";
import { moved, save } from "./keeping.js";
import { people } from "./people.js";
import { pathOf } from "./state.js";

export const CHECK = ""; // the id of the last step
const PICTURES = "[data-t=photo], [data-t=signature]";

/** The boxes of a part of the page, for the household or a member. */
export function gather(root, uid) {
  for (const box of root.querySelectorAll("[data-f]")) {
    const path = pathOf(box.dataset.f, uid);
    prepare(path, box);
  }
}

/** Looks at all answers and shows what follows. Never takes the focus, never moves what is being typed in. */
export function refresh() {
  on.found = on.state.check();
  const { asked } = on.found;
  const there = new Set(asked);
  for (const [path, box] of boxes) {
    box.hidden = !there.has(path);
    if (box.hidden) continue;
    around(path, box);
    judge(path, box);
  }
  people(asked);
  totals();
  for (const step of on.definition.steps) if (!step.repeat) copyButton(sectionOf(step.id), step, "");
  list();
}

/** 「空着的 n 项都与去年相同」 of a step or a card. */
export function copyButton(root, step, uid) {
  const row = root.querySelector(".sv-all");
  const count = on.state.copyable(step, uid, on.found.asked).length;
  row.hidden = count < 2;
  row.firstElementChild.textContent = word("all_same", { n: count });
}

export function totals() {
  const sums = on.state.sums();
  const text = (value) => (value === null ? "—" : separated(value));
  for (const node of form().querySelectorAll("[data-sum]")) {
    const { sum } = node.dataset;
    node.textContent = sum === "heads" ? word("heads", { n: sums.heads }) : text(sums[sum]);
  }
  byId("sum").textContent = word("sum", { net: text(sums.net), per_head: text(sums.per_head) });
}

/** Ids of the steps that are asked now, the check at the end. */
const order = () => [...on.definition.steps.filter((step) => on.state.stepShown(step)).map((step) => step.id), CHECK];

/** How far some of what is asked is: [words, tone]. */
export function progress(paths) {
  const own = paths.filter((path) => !["info", "total"].includes(on.state.field(path).type));
  const red = own.filter(wrongOf).length;
  const open = own.filter((path) => touched.has(path) && on.state.asks(path, on.found)[0].length).length;
  const done = own.filter((path) => on.state.get(path) !== undefined).length;
  if (red) return [word("red", { n: red }), "red"];
  if (open) return [word("open", { n: open }), "amber"];
  return done === own.length ? [on.words.all_done, "green"] : [word("done", { n: done, all: own.length }), ""];
}

function list() {
  const ids = order();
  for (const button of byId("steps").querySelectorAll("button")) {
    const { go } = button.dataset;
    button.parentNode.hidden = !ids.includes(go);
    if (go === on.at.step) button.setAttribute("aria-current", "step");
    else button.removeAttribute("aria-current");
    if (go === CHECK) continue;
    const [text, tone] = progress(on.found.asked.filter((path) => on.state.field(path).step === go));
    button.lastElementChild.textContent = text;
    button.lastElementChild.dataset.tone = tone;
  }
}

export function menu(open) {
  byId("steps").hidden = !open;
  byId("where").setAttribute("aria-expanded", String(open));
  (open ? byId("steps").querySelector("[aria-current]") : byId("where")).focus();
}

/** One step on or back. */
export function turn(by) {
  const ids = order();
  save();
  show(ids[Math.min(Math.max(ids.indexOf(on.at.step) + by, 0), ids.length - 1)]);
}

/** Show a step and give its heading, or the control of `path`, the focus. */
export function show(id, path = "", push = true) {
  const ids = order();
  const place = ids.indexOf(id);
  const section = sectionOf(id);
  on.at.step = id;
  on.at.path = path;
  for (const each of sections()) each.hidden = on.paper ? !ids.includes(each.dataset.step) : each !== section;
  byId("where-text").textContent = word("step", { n: place + 1, all: ids.length });
  byId("where-title").textContent = ` · ${section.dataset.title}`;
  byId("progress").max = ids.length;
  byId("progress").value = place + 1;
  byId("back").hidden = !place || on.paper;
  byId("next").textContent = id === CHECK ? on.words.finish : on.paper ? on.words.check : on.words.next;
  byId("sum").hidden = !on.paper && !("sums" in section.dataset);
  if (push && !on.paper) history.pushState({ step: id }, "");
  else history.replaceState({ step: id }, "");
  if (id === CHECK) need(() => more.checkPage());
  refresh();
  moved();
  const box = boxes.get(path);
  unfold(section, box);
  const target = (box && !box.hidden && focusable(box)) || section.querySelector("h1");
  target.focus();
  if (box) target.scrollIntoView({ block: "center" });
  else if (!on.paper) scrollTo(0, 0);
  else section.scrollIntoView();
  if ((on.paper ? form() : section).querySelector(PICTURES)) need(() => {}); // it draws them when it comes
}

/** Of a step with members one card is open: that of the field asked for, else the first with something left to answer. */
function unfold(section, box) {
  const cards = [...section.querySelectorAll(".sv-one > .sv-m:not([hidden])")];
  const wanted = box && box.closest(".sv-m");
  if (wanted) wanted.open = true;
  else if (cards.length && !cards.some((card) => card.open)) {
    (cards.find((card) => card.querySelector(".sv-m__n").dataset.tone !== "green") || cards[0]).open = true;
  }
}

Object.assign(acts, {
  go: (path, box, button) => show(button.dataset.go, button.dataset.at),
  person(path, box, button) {
    const cards = [...form().querySelectorAll(".sv-step:not([hidden]) .sv-m:not([hidden])")];
    const here = button.closest(".sv-m");
    const next = cards[cards.indexOf(here) + 1];
    here.open = false;
    next.open = true;
    next.firstElementChild.focus();
    next.scrollIntoView();
  },
});
