// The last step: what keeps the survey from being sent, what is asked, and every answer once more.
import { make, say, shown } from "./fields.js";
import { alike } from "./state.js";

/** Draws the last step of a wizard into #check. */
export function checkPage(wizard) {
  const { state, words } = wizard;
  const found = state.check();
  const place = document.getElementById("check");
  while (place.firstChild) place.firstChild.remove();
  for (const path of found.asked) wizard.touched.add(path);
  place.append(...[problems(wizard, found), questions(wizard, found), changes(wizard)].filter(Boolean));
  for (const step of wizard.steps()) if (step.fields) place.append(answers(wizard, step, found));
  document.getElementById("next").textContent = words.finish;
}

/** 「姓名 · 李秀英」: a field and whose it is. */
function nameOf({ state, words }, path) {
  const uid = path.includes("/") ? path.split("/")[0] : "";
  const label = (state.field(path) || { label: "" }).label;
  return uid ? say(words.of, { name: state.who(uid).name || words.nameless, label }) : label;
}

function jump(wizard, path, text) {
  const button = make("button", { type: "button", className: "linkbtn", "data-go": wizard.state.field(path).step, "data-path": path }, text);
  return make("li", {}, button);
}

function problems(wizard, found) {
  const { state, words } = wizard;
  const asked = (path) => found.asked.includes(path);
  const wrong = Object.keys({ ...state.raw, ...found.hard }).filter(asked);
  const lines = wrong.map((path) => jump(wizard, path, say(words.line, { label: nameOf(wizard, path), say: wizard.wrongOf(path, found) })));
  for (const path of found.missing) lines.push(jump(wizard, path, say(words.line, { label: nameOf(wizard, path), say: words.missing })));
  const joins = wizard.unsaid();
  for (const uid of joins) {
    const field = wizard.adding().fields[0].id;
    lines.push(jump(wizard, `${uid}/${field}`, say(words.line, { label: state.who(uid).name || words.nameless, say: words.need_join })));
  }
  if (!lines.length) return null;
  const box = make("div", { className: "note note--err", role: "alert", tabIndex: -1, id: "problems" });
  box.append(make("h2", {}, say(words.problems, { n: lines.length })), make("ul", { className: "sv-jumps" }, ...lines));
  return box;
}

function questions(wizard, found) {
  const { state, words } = wizard;
  const open = Object.entries(found.soft).map(([path, sentences]) => [path, state.open(path, sentences)]).filter(([, left]) => left.length);
  if (!open.length) return null;
  const lines = open.map(([path, left]) => jump(wizard, path, say(words.line, { label: nameOf(wizard, path), say: left.join("") })));
  return make("div", { className: "note note--warn" }, make("h2", {}, say(words.questions, { n: open.length })), make("p", {}, words.questions_hint),
    make("ul", { className: "sv-jumps" }, ...lines));
}

/** Who came and who went. */
function changes(wizard) {
  const { state, words } = wizard;
  const lines = [];
  for (const one of state.members) {
    const name = state.who(one.uid).name || words.nameless;
    if (one.new) lines.push(make("li", {}, say(words.came, { name })));
    if (one.left) lines.push(make("li", {}, say(words.went, { name })));
  }
  return lines.length ? make("div", { className: "note" }, make("h2", {}, words.people), make("ul", { className: "sv-list" }, ...lines)) : null;
}

function answers(wizard, step, found) {
  const { state, words } = wizard;
  const own = found.asked.filter((path) => state.field(path).step === step.id && wizard.answerable(path));
  const done = own.filter((path) => state.get(path) !== undefined).length;
  const summary = make("summary", {}, make("h2", { className: "sv-m__t" }, step.title),
    make("span", { className: "sv-m__n" }, say(words.done, { n: done, all: own.length })));
  const body = make("div", { className: "sv-m__b" });
  const card = make("details", { className: "sv-m sv-answers" }, summary, body);
  let whose = null;
  let list = null;
  for (const path of own) {
    const uid = path.includes("/") ? path.split("/")[0] : "";
    if (uid !== whose || !list) {
      whose = uid;
      if (uid) body.append(make("h3", {}, state.who(uid).name || words.nameless));
      list = make("dl", { className: "dl" });
      body.append(list);
    }
    list.append(make("dt", {}, state.field(path).label), value(wizard, path));
  }
  const edit = { type: "button", className: "btn btn--s", "data-go": step.id, "aria-label": say(words.edit_of, { title: step.title }) };
  body.append(make("p", { className: "sv-after" }, make("button", edit, words.edit)));
  return card;
}

function value(wizard, path) {
  const { state, words } = wizard;
  const field = state.field(path);
  const box = wizard.boxes.get(path);
  const unit = field.type === "money" ? words.yuan : field.unit;
  const now = state.get(path);
  if (state.raw[path]) return make("dd", {}, state.raw[path]);
  if (now === undefined) return make("dd", {}, make("span", { className: "none" }, words.blank));
  const last = state.last[path];
  const moved = field.last && last !== undefined && !alike(last, now) ? say(words.last, { value: shown(box, last, words, unit) }) : "";
  return make("dd", {}, shown(box, now, words, unit), moved && make("span", { className: "small muted sv-was" }, moved));
}
