// What is being answered, without a page: values by path, members that come and go, what was copied from last year, what was typed.
import { evaluate, holds, quotient } from "./rules.js";

export const pathOf = (field, member) => (member ? `${member}/${field}` : field);
export const alike = (one, other) => JSON.stringify(one === undefined ? null : one) === JSON.stringify(other === undefined ? null : other);
const BLANK = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

/** The draft record of a survey that begins now: prefilled with what the ledger holds this year. `entry` is the pack's. */
export function begin({ entry, form, channel, uid, now }) {
  const back = entry.returned;
  const draft = {
    uid: back ? back.uid : uid,
    household: entry.uid,
    form: entry.form || form,
    year: entry.year,
    purpose: entry.purpose || "survey",
    channel,
    revision: back ? back.revision : 0,
    began_at: now.toISOString(),
    surveyed_on: day(now),
    answers: back ? back.answers : blankAnswers(entry),
    base: back ? back.base || entry.now || {} : entry.now || {},
    same: back ? back.same || [] : [],
    kept: back ? back.kept || {} : {},
    effort: { keystrokes: 0, typed: 0, same: 0, retyped: 0, seconds: 0 },
    at: { step: "", path: "" },
  };
  return draft;
}

function blankAnswers(entry) {
  const answers = { values: {}, members: (entry.members || []).map(({ uid }) => ({ uid, values: {} })) };
  for (const [path, value] of Object.entries(entry.now || {})) {
    const [member, field] = path.includes("/") ? path.split("/") : ["", path];
    const target = member ? (answers.members.find((one) => one.uid === member) || {}).values : answers.values;
    if (target) target[field] = value;
  }
  return answers;
}

/** A day as the clock on the wall has it: "2026-03-01". */
export function day(now) {
  return new Date(now - now.getTimezoneOffset() * 60000).toISOString().slice(0, 10);
}

/** Answers of one draft. Everything the page shows is asked of it; everything the user does is told to it. */
export class State {
  constructor(definition, draft, entry = null) {
    this.definition = definition;
    this.draft = draft;
    this.entry = entry || {};
    this.last = this.entry.last || {};
    this.base = draft.base || {};
    this.same = new Set(draft.same);
    this.kept = { ...draft.kept };
    this.typed = new Set(draft.at.typed || []);
    this.raw = { ...(draft.at.raw || {}) }; // path -> text that is no answer yet, kept so that nothing typed is lost
    this.aside = { ...(draft.at.aside || {}) }; // path -> answer of a field that is not asked now
    this.effort = { keystrokes: 0, seconds: 0, ...draft.effort };
    this.fields = new Map();
    for (const step of definition.steps) {
      for (const field of step.fields) this.fields.set(field.id, { ...field, step: step.id, member: step.repeat === "member", when: step.show });
    }
    this.values = { ...draft.answers.values };
    const cards = new Map((this.entry.members || []).map((one) => [one.uid, one]));
    this.members = (draft.answers.members || []).map((one) => ({ ...one, values: { ...one.values }, card: cards.get(one.uid) || {} }));
    for (const [path, value] of Object.entries(this.aside)) if (BLANK(this.get(path))) this.store(path, value);
    const writes = (to) => ([...this.fields.values()].find((field) => field.writes === to) || { id: "" }).id;
    this.names = {
      population: writes("year.population"), birth: writes("member.birth_date"), name: writes("member.name"),
      sex: writes("member.sex"), relation: writes("member.relation"),
    };
    this.income = {};
    for (const field of this.fields.values()) if (/^income\./.test(field.writes || "")) this.income[field.id] = field.writes.slice(7);
  }

  // -- reading ----------------------------------------------------------------------------------------------------------------------

  member(uid) {
    return this.members.find((one) => one.uid === uid);
  }

  get(path) {
    const [uid, id] = path.includes("/") ? path.split("/") : ["", path];
    return uid ? (this.member(uid) || { values: {} }).values[id] : this.values[id];
  }

  field(path) {
    return this.fields.get(path.slice(path.indexOf("/") + 1));
  }

  /** What a rule may know (docs/surveys.md), asked for a member or, with "", for the household. */
  scope(member = "") {
    const born = (one) => (one.card || {}).birth_date || "";
    return {
      values: this.values,
      members: this.members.map((one) => ({ uid: one.uid, values: one.values, left: Boolean(one.left), born: born(one) })),
      last: this.last, base: this.base, year: this.draft.year, today: this.draft.surveyed_on,
      income: this.income, population: this.names.population, birth: this.names.birth, member,
    };
  }

  stepShown(step) {
    return !step.show || holds(step.show, this.scope());
  }

  /** Whether the field of a path is asked: its step is, its member is here, its rule holds. */
  shown(path, scope = null) {
    const uid = path.includes("/") ? path.split("/")[0] : "";
    const field = this.field(path);
    if (!field || (uid && (!this.member(uid) || this.member(uid).left))) return false;
    scope = { ...(scope || this.scope()), member: uid };
    return (!field.when || holds(field.when, { ...scope, member: "" })) && (!field.show || holds(field.show, scope));
  }

  /** Every path that could be asked now, in the order of the form: [[path, field]]. */
  paths() {
    const found = [];
    for (const step of this.definition.steps) {
      const who = step.repeat === "member" ? this.members.filter((one) => !one.left).map((one) => one.uid) : [""];
      for (const uid of who) for (const field of step.fields) found.push([pathOf(field.id, uid), field, step]);
    }
    return found;
  }

  /** Sentences of `field.hard` or `field.soft` whose rule holds for a path, `{x}` filled in. */
  sentences(kind, path, scope) {
    const field = this.field(path);
    if (!field[kind]) return [];
    const asked = { ...scope, member: path.includes("/") ? path.split("/")[0] : "" };
    return field[kind]
      .filter((one) => holds(one.if, asked))
      .map((one) => one.say.replace(/\{x\}/g, () => quotient(this.get(path), this.last[path])));
  }

  /** {hard: {path: [sentence]}, soft: {path: [sentence]}, missing: [path], asked: [path]} of everything that is asked now. */
  check() {
    const scope = this.scope();
    const found = { hard: {}, soft: {}, missing: [], asked: [] };
    for (const [path, field] of this.paths()) {
      if (!this.shown(path, scope)) continue;
      found.asked.push(path);
      for (const kind of ["hard", "soft"]) {
        const sentences = this.sentences(kind, path, scope);
        if (sentences.length) found[kind][path] = sentences;
      }
      const must = field.required === true || (field.required && holds(field.required, { ...scope, member: path.split("/").slice(0, -1)[0] || "" }));
      if (must && BLANK(this.get(path)) && !this.raw[path]) found.missing.push(path);
    }
    return found;
  }

  /** Questions of a path that wait for an answer. */
  open(path, sentences) {
    return (sentences || []).filter((one) => !(this.kept[path] || []).includes(one));
  }

  /** {gross, net, per_head, heads} as plain digits, or null where they cannot be said. */
  sums() {
    const scope = this.scope();
    const heads = this.names.population ? this.values[this.names.population] : undefined;
    const value = (name) => evaluate({ var: name }, scope);
    return { gross: value("gross"), net: value("net"), per_head: value("per_head"), heads: heads === undefined ? value("members") : String(heads) };
  }

  /** What a member is called, and what else is known of it. */
  who(uid) {
    const one = this.member(uid) || { values: {}, card: {} };
    const named = (id, key) => (id && one.values[id]) || (one.card || {})[key];
    return {
      name: named(this.names.name, "name") || "",
      relation: named(this.names.relation, "relation") || "",
      age: evaluate({ var: "age" }, this.scope(uid)),
    };
  }

  // -- writing ----------------------------------------------------------------------------------------------------------------------

  store(path, value) {
    const [uid, id] = path.includes("/") ? path.split("/") : ["", path];
    const values = uid ? (this.member(uid) || { values: {} }).values : this.values;
    if (BLANK(value)) delete values[id];
    else values[id] = value;
  }

  /** An answer. `how`: "typed" by the user, "same" as last year by one tap, "filled" by the form. */
  put(path, value, how) {
    if (!alike(this.get(path), value)) delete this.kept[path];
    this.store(path, value);
    delete this.raw[path];
    if (how === "same") {
      this.same.add(path);
      this.typed.delete(path);
    } else {
      if (this.same.has(path) && !alike(value, this.last[path])) this.same.delete(path);
      if (how === "typed") this.typed.add(path);
    }
  }

  /** Text that is no answer yet: there is no answer, and the text is kept beside. */
  spell(path, text) {
    this.put(path, undefined, "typed");
    this.raw[path] = text;
  }

  /** Take back 「与去年相同」. */
  unsame(path) {
    this.same.delete(path);
    this.put(path, undefined, "filled");
  }

  keep(path, sentences) {
    this.kept[path] = [...new Set([...(this.kept[path] || []), ...sentences])];
  }

  unkeep(path) {
    delete this.kept[path];
  }

  /** Paths of a step (and a member) that are blank although last year had a value; money is asked anew every year. */
  copyable(step, member) {
    const scope = this.scope();
    return step.fields
      .filter((field) => field.last && field.type !== "money")
      .map((field) => pathOf(field.id, member))
      .filter((path) => this.last[path] !== undefined && BLANK(this.get(path)) && !this.raw[path] && this.shown(path, scope));
  }

  add(uid, joined = {}) {
    this.members.push({ uid, new: true, joined, values: {}, card: {} });
  }

  leave(uid, left) {
    const one = this.member(uid);
    if (one.new) this.members = this.members.filter((other) => other !== one);
    else one.left = left;
  }

  stay(uid) {
    delete this.member(uid).left;
  }

  // -- for keeping and sending ------------------------------------------------------------------------------------------------------

  /** Every photo and signature of what is asked. */
  photos(asked) {
    return asked
      .filter((path) => ["photo", "signature"].includes(this.field(path).type))
      .reduce((found, path) => found.concat(this.get(path) || []), []);
  }

  counts() {
    const typed = [...this.typed].filter((path) => this.field(path) && !BLANK(this.get(path)));
    const known = (path) => (value) => value !== undefined && alike(this.get(path), value);
    const again = typed.filter((path) => [this.last[path], this.base[path]].some(known(path)));
    return { ...this.effort, seconds: Math.round(this.effort.seconds), typed: typed.length, same: this.same.size, retyped: again.length };
  }

  /** The record that a keeper keeps: the body of the operation, and where the surveyor is. What is not asked is no answer. */
  record(at) {
    const asked = new Set(this.check().asked);
    const aside = {};
    const only = (values, uid) => {
      const kept = {};
      for (const [id, value] of Object.entries(values)) {
        if (asked.has(pathOf(id, uid))) kept[id] = value;
        else aside[pathOf(id, uid)] = value;
      }
      return kept;
    };
    const members = this.members.map((one) => {
      // What was answered for somebody who left is put aside, too: the leaving may be taken back.
      const said = { uid: one.uid };
      if (one.new) Object.assign(said, { new: true, joined: one.joined });
      if (one.left) said.left = one.left;
      return { ...said, values: only(one.values, one.uid) };
    });
    const here = (path) => asked.has(path) || !this.field(path);
    return {
      ...this.draft,
      answers: { values: only(this.values, ""), members },
      same: [...this.same].filter((path) => asked.has(path)).sort(),
      kept: Object.fromEntries(Object.entries(this.kept).filter(([path]) => here(path))),
      effort: this.counts(),
      at: { ...at, typed: [...this.typed], raw: this.raw, aside },
    };
  }

  /** The body of `survey.submit`. */
  body() {
    const { asked, soft } = this.check();
    const { at: _where, kept, ...body } = this.record({});
    const still = (path) => (soft[path] || []).filter((one) => (kept[path] || []).includes(one));
    const answered = Object.keys(kept).map((path) => [path, still(path)]).filter(([, sentences]) => sentences.length);
    return { ...body, kept: Object.fromEntries(answered), photos: this.photos(asked) };
  }
}
