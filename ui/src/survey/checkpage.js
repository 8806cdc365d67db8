// The last step: what keeps the survey from being sent, what is asked, and every answer once more.
import { sentenceOf, wrongOf } from "./around.js";
import { boxes, byId, on, touched, word } from "./board.js";
import { make, shown } from "./fields.js";
import { unsaid } from "./moves.js";
import { nameOf } from "./people.js";
import { alike, pathOf, split } from "./state.js";
import { progress } from "./steps.js";

/** What keeps the survey from being sent: [path, sentence]; from now on what is missing is said at its field, too. */
export function blocks() {
  on.asked = true;
  on.found = on.state.check();
  for (const path of on.found.asked) touched.add(path);
  const { problems } = on.found;
  const raw = on.found.asked.filter((path) => on.state.raw[path] && !problems.some((one) => one.path === path));
  return [
    ...raw.map((path) => [path, wrongOf(path)]),
    ...problems.map((one) => [one.path, sentenceOf(one)]),
    ...unsaid().map((one) => [pathOf(on.definition.steps.find((step) => step.repeat).fields[0].id, one.uid), on.words.need_join]),
  ];
}

/** Draws the last step. */
export function checkPage() {
  const { state, words } = on;
  const stops = blocks();
  const open = on.found.questions.map(({ path, say }) => [path, say]).filter(([path, say]) => state.asks(path, on.found)[0].includes(say));
  const place = byId("check");
  place.textContent = "";
  if (stops.length) place.append(jumps("err", word("problems", { n: stops.length }), "", stops));
  if (open.length) place.append(jumps("warn", word("questions", { n: open.length }), words.questions_hint, open));
  const moved = state.members.filter((one) => one.new || one.left);
  const told = moved.map((one) => make("p", {}, word(one.left ? "went" : "came", { name: nameOf(one.uid) })));
  if (told.length) place.append(make("div", { className: "note" }, ...told));
  place.append(...on.definition.steps.filter((step) => state.stepShown(step)).map(answers));
}

/** 「李秀英 · 姓名」: a field and whose it is. */
function labelOf(path) {
  const [uid] = split(path);
  const { label } = on.state.field(path) || { label: on.words.household };
  return uid ? word("of", { name: nameOf(uid), label }) : label;
}

/** A button that leads to a field. */
function jump(path, text) {
  const to = { type: "button", className: "linkbtn", "data-do": "go", "data-at": path };
  to["data-go"] = path ? on.state.field(path).step : on.definition.steps.find((step) => step.repeat).id;
  return make("button", to, text);
}

function jumps(tone, title, hint, lines) {
  const items = lines.map(([path, text]) => make("li", {}, jump(path, word("line", { label: labelOf(path), say: text }))));
  const about = { className: `note note--${tone}`, tabIndex: -1, id: `check-${tone}` };
  return make("div", about, make("h2", {}, title), hint && make("p", {}, hint), make("ul", { className: "sv-jumps" }, ...items));
}

function answers(step) {
  const { state, words } = on;
  const own = on.found.asked.filter((path) => state.field(path).step === step.id);
  const [text, tone] = progress(own);
  const mark = make("span", { className: "sv-m__n" }, text);
  mark.dataset.tone = tone;
  const body = make("div", { className: "sv-m__b" });
  let whose = null;
  let list = null;
  for (const path of own) {
    const [uid] = split(path);
    if (uid !== whose) {
      whose = uid;
      if (uid) body.append(make("h3", {}, nameOf(uid)));
      body.append((list = make("dl", { className: "dl" })));
    }
    list.append(make("dt", {}, state.field(path).label), value(path));
  }
  const name = word("edit_of", { title: step.title });
  const edit = { type: "button", className: "btn btn--s", "data-do": "go", "data-go": step.id, "aria-label": name };
  body.append(make("p", { className: "sv-after" }, make("button", edit, words.edit)));
  const summary = make("summary", {}, make("h2", { className: "sv-m__t" }, step.title), mark);
  return make("details", { className: "sv-m sv-answers" }, summary, body);
}

function value(path) {
  const { state, words } = on;
  const field = state.field(path);
  const box = boxes.get(path);
  const now = shown(box, state.get(path), words, field) || state.raw[path];
  const last = state.last[path];
  const moved = now && field.last && last !== undefined && !alike(last, state.get(path));
  const was = moved && make("span", { className: "small muted sv-was" }, word("last", { value: shown(box, last, words, field) }));
  return make("dd", {}, now || make("span", { className: "none" }, words.blank), was);
}
