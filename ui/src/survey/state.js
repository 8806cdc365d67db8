// What is being answered, without a page: values by path, members that come and go, what was copied from last year, what was typed.
import { blank, check, idOf, pathOf, prune, scopeOf } from "./answers.js";
import { day } from "./day.js";
import { evaluate, holds } from "./rules.js";

export { day, pathOf };
export const alike = (one, other) => JSON.stringify([one]) === JSON.stringify([other]);

/** [uid of the member or "", id of the field] of a path. */
export function split(path) {
  const at = path.indexOf("/");
  return [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
}

/** The draft record of a survey that begins now: prefilled with what the ledger holds this year, or as it came back. */
export function begin(entry, { form, channel, uid, now }) {
  const { returned: back, now: ledger = {}, members = [] } = entry;
  const answers = { values: {}, members: members.map((one) => ({ uid: one.uid, values: {} })) };
  for (const [path, value] of Object.entries(ledger)) {
    const [member, id] = split(path);
    const target = member ? answers.members.find((one) => one.uid === member) : answers;
    if (target) target.values[id] = value;
  }
  const fresh = { uid, revision: 0, answers, base: ledger, seals: entry.seals, same: [], kept: {} };
  const { reasons, ...old } = back || {}; // the reasons stay with the pack
  return {
    ...fresh,
    ...old,
    household: entry.uid,
    form: entry.form || form,
    year: entry.year,
    purpose: entry.purpose || "survey",
    channel,
    began_at: now.toISOString(),
    surveyed_on: day(now),
    effort: {},
    at: {},
  };
}

/** Answers of one draft. Everything the page shows is asked of it; everything the user does is told to it. */
export class State {
  constructor(definition, draft, entry) {
    const { at = {}, answers, reasons, problems, ...kept } = draft; // why it came back is not part of what is sent
    this.definition = definition;
    this.draft = kept;
    this.last = (entry && entry.last) || {};
    this.same = new Set(draft.same);
    this.kept = { ...draft.kept };
    this.typed = new Set(at.typed);
    this.raw = { ...at.raw }; // path -> text that is no answer yet, kept so that nothing typed is lost
    this.before = {}; // path -> what stood there before 「与去年相同」
    this.effort = { keystrokes: 0, seconds: 0, ...draft.effort };
    this.fields = new Map();
    for (const step of definition.steps) for (const field of step.fields) this.fields.set(field.id, { ...field, step: step.id });
    const cards = new Map(((entry && entry.members) || []).map((one) => [one.uid, one]));
    this.values = { ...answers.values };
    this.members = (answers.members || []).map((one) => ({ ...one, values: { ...one.values }, card: cards.get(one.uid) || {} }));
    for (const [path, value] of Object.entries(at.aside || {})) this.store(path, value);
    this.names = {};
    for (const name of ["birth_date", "name", "sex", "relation"]) this.names[name] = idOf(definition, `member.${name}`);
  }

  // -- reading ----------------------------------------------------------------------------------------------------------------------

  member(uid) {
    return this.members.find((one) => one.uid === uid);
  }

  holder(path) {
    const [uid] = split(path);
    return uid ? this.member(uid) || { values: {} } : this;
  }

  get(path) {
    return this.holder(path).values[split(path)[1]];
  }

  field(path) {
    return this.fields.get(split(path)[1]);
  }

  /** What rules may know; see rules.js. */
  scope() {
    const members = this.members.map((one) => ({ ...one, born: one.card.birth_date || "" }));
    const { draft, values, last } = this;
    return scopeOf(this.definition, { values, members, last, base: draft.base, year: draft.year, today: draft.surveyed_on });
  }

  stepShown(step) {
    return !step.show || holds(step.show, this.scope());
  }

  /** What is asked, what is wrong, what is questioned: {asked, problems, questions}; see answers.js. */
  check() {
    return check(this.definition, this.scope());
  }

  /** Questions of a path: [those that wait for an answer, those that were answered]. */
  asks(path, { questions }) {
    const all = questions.filter((one) => one.path === path).map((one) => one.say);
    const kept = this.kept[path] || [];
    return [all.filter((one) => !kept.includes(one)), all.filter((one) => kept.includes(one))];
  }

  /** {gross, net, per_head, heads} as plain digits, or null where they cannot be said. */
  sums() {
    const { scope } = prune(this.definition, this.scope());
    const value = (name) => evaluate({ var: name }, scope);
    return { gross: value("gross"), net: value("net"), per_head: value("per_head"), heads: value(scope.population) || value("members") };
  }

  /** What a member is called, and what else is known of it. */
  who(uid) {
    const { values, card } = this.member(uid);
    const known = (name) => values[this.names[name]] || card[name] || "";
    return { name: known("name"), relation: known("relation"), age: evaluate({ var: "age" }, { ...this.scope(), member: uid }) };
  }

  // -- writing ----------------------------------------------------------------------------------------------------------------------

  store(path, value) {
    const { values } = this.holder(path);
    if (blank(value)) delete values[split(path)[1]];
    else values[split(path)[1]] = value;
  }

  /** An answer. `how`: "typed" by the user, "same" as last year by one tap, "filled" by the form. */
  put(path, value, how) {
    if (!alike(this.get(path), value)) delete this.kept[path];
    this.store(path, value);
    delete this.raw[path];
    if (!alike(value, this.last[path])) this.same.delete(path);
    if (how === "typed") this.typed.add(path);
    if (how !== "same") return;
    this.same.add(path);
    this.typed.delete(path);
  }

  /** Text that is no answer yet: there is no answer, and the text is kept beside. */
  spell(path, text) {
    this.put(path, undefined, "typed");
    this.raw[path] = text;
  }

  /** 「与去年相同」, and back. */
  toggleSame(path) {
    if (this.same.delete(path)) return this.put(path, this.before[path], "filled");
    this.before[path] = this.get(path);
    return this.put(path, this.last[path], "same");
  }

  keep(path, found) {
    const [open, kept] = this.asks(path, found);
    this.kept[path] = [...kept, ...open];
  }

  /** Paths of a step (and a member) that are blank although last year had a value; money is asked anew every year. */
  copyable(step, member, asked) {
    return step.fields
      .filter((field) => field.last && field.type !== "money")
      .map((field) => pathOf(field.id, member))
      .filter((path) => this.last[path] !== undefined && blank(this.get(path)) && !this.raw[path] && asked.includes(path));
  }

  /** A new member; its `joined` is filled in. Answers it. */
  add(uid, joined) {
    const one = { uid, new: true, joined, values: {}, card: {} };
    this.members.push(one);
    return one;
  }

  /** A member that was added by mistake. */
  forget(uid) {
    this.members = this.members.filter((one) => one.uid !== uid);
  }

  // -- for keeping and sending ------------------------------------------------------------------------------------------------------

  counts() {
    const typed = [...this.typed].filter((path) => this.field(path) && !blank(this.get(path)));
    const again = typed.filter((path) => [this.last, this.draft.base].some((known) => path in known && alike(known[path], this.get(path))));
    const { keystrokes, seconds } = this.effort;
    return { keystrokes, seconds: Math.round(seconds), typed: typed.length, same: this.same.size, retyped: again.length };
  }

  /** The record that a keeper keeps: the body of the operation, and where the surveyor is. What is not asked is no answer. */
  record(at) {
    const asked = new Set(prune(this.definition, this.scope()).asked);
    const aside = {}; // what is not asked now, or of somebody who left: both may be taken back
    const only = (values, uid) => {
      const kept = {};
      for (const [id, value] of Object.entries(values)) {
        const path = pathOf(id, uid);
        (asked.has(path) ? kept : aside)[asked.has(path) ? id : path] = value;
      }
      return kept;
    };
    const members = this.members.map(({ card, born, values, ...said }) => ({ ...said, values: only(values, said.uid) }));
    return {
      ...this.draft,
      answers: { values: only(this.values, ""), members },
      same: [...this.same].filter((path) => asked.has(path)).sort(),
      kept: this.kept,
      effort: this.counts(),
      at: { ...at, typed: [...this.typed], raw: this.raw, aside },
    };
  }

  /** The body of `survey.submit`. */
  body() {
    const found = this.check();
    const { at, ...body } = this.record({});
    const kept = {};
    for (const { path } of found.questions) if (this.asks(path, found)[1].length) kept[path] = this.asks(path, found)[1];
    const shots = found.asked.filter((path) => ["photo", "signature"].includes(this.field(path).type));
    return { ...body, kept, photos: shots.reduce((all, path) => all.concat(this.get(path) || []), []) };
  }
}
