// The survey form as one sees it: what happens on a key, a tap, a step; the parts stand in modules of their own.
import * as around from "./around.js";
import { alone, unchoose } from "./acts.js";
import { acts, boxes, byId, form, more, on, pathFor, sectionOf, sections, touched, word } from "./board.js";
import { need } from "./bring.js";
import { read, write } from "./fields.js";
import { later, lock, tell, watch } from "./keeping.js";
import * as people from "./people.js";
import { State } from "./state.js";
import * as steps from "./steps.js";

/**
 * Fills the shell and wakes it. `keeper` as described in docs/surveys.md, `lease` of this draft, `ids` makes a new uid, `hop` is the path
 * where the form was asked to open.
 */
export function start({ draft, entry, hop = "", ...given }) {
  Object.assign(on, given, { entry, paper: draft.channel === "paper", state: new State(given.definition, draft, entry) });
  on.reasons = { ...((entry || {}).returned || {}).reasons, ...draft.reasons };
  for (const { path, say } of draft.problems || []) on.reasons[path] = say;
  const { householder = "", village = "", hamlet = "", number = "" } = entry || {};
  for (const section of sections()) {
    if (!on.paper) section.querySelector(".sv-who").textContent = word("who", { name: householder });
    section.querySelector(".sv-sub").textContent = word("where", { place: village + hamlet, number, name: householder });
  }
  for (const step of on.definition.steps) {
    if (step.repeat) on.state.members.forEach((one) => people.addCard(step, one));
    else steps.gather(sectionOf(step.id), "");
  }
  byId("surveyed").value = draft.surveyed_on;
  on.found = on.state.check();
  for (const path of boxes.keys()) around.paint(path);
  listen();
  watch();
  if (on.paper) on.keyboard();
  byId("gate").hidden = true;
  form().hidden = byId("wz").hidden = false;
  lock(!on.lease.held);
  if (on.reasons[""]) tell(word("returned", { why: on.reasons[""] }));
  open(hop, draft.at || {});
}

/** Where the form opens: at the field asked for, where the surveyor was, at what came back, at the beginning. */
function open(hop, { step, path }) {
  const [at] = [hop, path, step ? "" : Object.keys(on.reasons).find((one) => boxes.has(one))].filter((one) => boxes.has(one));
  if (at) steps.show(on.state.field(at).step, at, false);
  else steps.show(step && sectionOf(step) ? step : on.definition.steps[0].id, "", false);
}

function listen() {
  const board = form();
  board.addEventListener("input", typing);
  board.addEventListener("change", changed);
  board.addEventListener("click", click);
  board.addEventListener("focusin", ({ target }) => {
    on.at.path = pathFor(target) || on.at.path;
  });
  board.addEventListener("submit", (event) => {
    event.preventDefault();
    if (on.at.step === steps.CHECK) need(() => more.end());
    else if (on.paper) steps.show(steps.CHECK);
    else steps.turn(1);
  });
  board.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || on.paper || event.isComposing || !event.target.matches("input.in, select.in")) return;
    event.preventDefault();
    const all = [...board.querySelectorAll("input, select, textarea, .btn, summary")].filter((one) => one.offsetParent && !one.disabled);
    all[all.indexOf(event.target) + 1].focus();
  });
  byId("back").addEventListener("click", () => steps.turn(-1));
  byId("where").addEventListener("click", () => steps.menu(byId("steps").hidden));
  byId("steps").addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    steps.menu(false);
    steps.show(button.dataset.go);
  });
  byId("steps").addEventListener("keydown", ({ key }) => key === "Escape" && steps.menu(false));
  addEventListener("popstate", ({ state }) => state && "step" in state && steps.show(state.step, "", false));
}

/** What stands in a box is now the answer. */
function take(path, box) {
  const { value, raw } = read(box);
  if (raw) on.state.spell(path, raw);
  else on.state.put(path, value, "typed");
  around.line(box, ".auto", "");
}

/** A key: what follows at once. Questions wait until the field is left. */
function typing({ target }) {
  const path = pathFor(target);
  if (!path || target.type === "file") return;
  const box = boxes.get(path);
  on.state.effort.keystrokes++;
  take(path, box);
  around.around(path, box);
  around.wrong(path, box, "");
  if (box.dataset.t === "money") steps.totals();
  later();
}

function changed({ target }) {
  const part = target.closest("[data-moved]");
  if (part) return need(() => more.moved(part));
  const path = pathFor(target);
  const box = boxes.get(path);
  if (target.type === "file") return need(() => more.choose(path, target));
  if (target.id === "surveyed" && target.value) on.state.draft.surveyed_on = target.value;
  if (box) {
    if (target.checked && target.type === "checkbox") alone(box, target);
    take(path, box);
    box.dataset.on = target.type === "radio" ? target.value : "";
    if (box.dataset.t === "money" && !on.state.raw[path]) write(box, on.state.get(path));
    if (box.dataset.t === "id_number") need(() => more.identity(path));
    touched.add(path);
  }
  steps.refresh();
  return later();
}

function click({ target }) {
  if (target.type === "radio") return unchoose(target);
  const button = target.closest("[data-do]");
  if (!button) return null;
  const path = pathFor(button);
  const act = () => acts[button.dataset.do](path, boxes.get(path), button);
  return acts[button.dataset.do] ? act() : need(act);
}
