// What is wrong with answers, and which questions they raise. Twin of surveys/answers.py; both answer test/answers.json the same.
// The definition is that of a page (`Definition.expanded`): `codes`, `highest`, `places`, `most` stand in every field that has them.
// A scope is that of rules.js; its members have `card` too: who the ledger says they are.
import { read as readNumber, tidy } from "../idcard.js";
import { units } from "./decimal.js";
import { holds, isDay, quotient } from "./rules.js";

const NUMBERS = { integer: /^\d{1,15}$/, decimal: /^\d{1,15}(\.\d{1,12})?$/, money: /^\d{1,15}(\.\d{1,12})?$/ };
const PHONES = [/^1[3-9]\d{9}$/, /^0\d{2,3}-?[2-9]\d{6,7}(-\d{1,6})?$/, /^[2-9]\d{6,7}$/];

export const pathOf = (field, member) => (member ? `${member}/${field}` : field);
export const blank = (value) => value === undefined || value === null || value === "" || (Array.isArray(value) && !value.length);

/** The scope of answers: {values, members, last, base, year, today} with what the form says about its fields. */
export function scopeOf(definition, told) {
  const scope = { last: {}, base: {}, ...told, income: {}, population: "", birth: "", member: "" };
  each(definition, (field) => {
    const writes = field.writes || "";
    if (writes === "year.population") scope.population = field.id;
    if (writes === "member.birth_date") scope.birth = field.id;
    if (writes.startsWith("income.")) scope.income[field.id] = writes.slice(7);
  });
  return scope;
}

/** The id of the field that writes to a target, or "". */
export function idOf(definition, target) {
  let found = "";
  each(definition, (field) => (found = field.writes === target ? field.id : found));
  return found;
}

function each(definition, tell) {
  for (const step of definition.steps) for (const field of step.fields) tell(field, step);
}

/**
 * What is asked now: {asked: [path] in the order of the form, scope: with the answers of those only, at: Map of member uid -> scope}.
 * What is hidden is blank to the rules of what comes behind it in `definition.order`.
 */
export function prune(definition, scope) {
  const here = own(scope);
  const at = insides(here);
  const hidden = new Set();
  const places = {};
  each(definition, (field, step) => (places[field.id] = [field, step]));
  for (const [field, step] of definition.order.map((id) => places[id])) {
    const shown = !step.show || holds(step.show, here);
    for (const [uid, inner] of step.repeat ? at : [["", here]]) {
      if (shown && (!field.show || holds(field.show, inner))) continue;
      delete (uid ? inner.person : here).values[field.id];
      hidden.add(pathOf(field.id, uid));
    }
  }
  const paths = [];
  walk(definition, here, at, (field, inner, uid) => paths.push(pathOf(field.id, uid)));
  return { asked: paths.filter((path) => !hidden.has(path)), scope: here, at };
}

/** The same scope with values that may be deleted. */
function own(scope) {
  return { ...scope, values: { ...scope.values }, members: scope.members.map((one) => ({ ...one, values: { ...one.values } })) };
}

/** uid -> scope of each member who is asked. */
function insides(scope) {
  const here = scope.members.filter((one) => !one.left && !one.unasked);
  return new Map(here.map((person) => [person.uid, { ...scope, member: person.uid, person }]));
}

function walk(definition, scope, at, tell) {
  for (const step of definition.steps) {
    for (const [uid, inner] of step.repeat ? at : [["", scope]]) for (const field of step.fields) tell(field, inner, uid);
  }
}

/**
 * {asked, problems: [{path, code, say}], questions: [{path, say}]} of answers; `say` of a problem only where the form says it.
 * `complete`: also what is missing for a submission.
 */
export function check(definition, scope, complete = true) {
  const sound = own(scope);
  const type = idOf(definition, "member.id_type");
  const spoilt = new Map(); // path -> code: what is no value is blank to rules
  walk(definition, sound, insides(sound), (field, inner, uid) => {
    const mine = uid ? inner.person.values : sound.values;
    const code = wrong(field, mine[field.id], scope.today, uid ? mine[type] : "");
    if (code) spoilt.set(pathOf(field.id, uid), code);
    if (code) delete mine[field.id];
  });
  const { asked, scope: here, at } = prune(definition, sound);
  const found = { asked, problems: [], questions: [] };
  const known = new Set(asked);
  walk(definition, here, at, (field, inner, uid) => {
    const path = pathOf(field.id, uid);
    if (!known.has(path)) return;
    const value = (uid ? inner.person : here).values[field.id];
    const say = (one) => one.say.replace(/\{x\}/g, () => quotient(value, here.last[path]));
    if (spoilt.has(path)) found.problems.push({ path, code: spoilt.get(path) });
    for (const one of field.hard || []) if (holds(one.if, inner)) found.problems.push({ path, code: "hard", say: say(one) });
    for (const one of field.soft || []) if (holds(one.if, inner)) found.questions.push({ path, say: say(one) });
    const must = field.required === true || (field.required && holds(field.required, inner));
    if (complete && must && blank(value) && !spoilt.has(path)) found.problems.push({ path, code: "required" });
  });
  if (definition.steps.some((step) => step.repeat)) household(definition, here, complete, found);
  return found;
}

/** Code of what is wrong with a value, "" where it can be. */
export function wrong(field, value, today, idType) {
  if (blank(value) || field.type === "info" || field.type === "total") return "";
  switch (field.type) {
    case "integer":
    case "decimal":
    case "money":
      return wrongNumber(field, value);
    case "yesno":
      return typeof value === "boolean" ? "" : "type";
    case "choice":
      return field.codes.includes(value) ? "" : "list";
    case "choices":
      if (!Array.isArray(value) || !value.every((one) => field.codes.includes(one))) return "list";
      return field.most && value.length > field.most ? "limit" : "";
    case "photo":
      return value.length > field.most ? "limit" : "";
    case "signature":
      return "";
    case "date":
      return !isDay(value) || value < "1880-01-01" || value > (field.writes ? today : "2100-12-31") ? "date" : "";
    case "phone":
      return value.includes("*") || isPhone(value) ? "" : "phone";
    case "id_number":
      return value.includes("*") || isNumber(value, today, idType) ? "" : "id_number";
  }
  if (typeof value !== "string") return "type";
  return field.length && [...value].length > field.length ? "limit" : "";
}

function wrongNumber(field, value) {
  const { type } = field;
  if (typeof value === "number" ? !Number.isInteger(value) || value < 0 : !NUMBERS[type].test(value)) {
    return typeof value === "number" && Number.isInteger(value) ? "limit" : "type";
  }
  const size = units(value);
  if (size === null || size > units(field.highest)) return "limit";
  const cents = /\.(\d*?)0*$/.exec(value);
  return cents && cents[1].length > (field.places || 0) ? "limit" : "";
}

/** Whether a number can be dialled. */
export function isPhone(text) {
  const number = text
    .normalize("NFKC")
    .replace(/^\s*(\+|00)\s*86[\s-]*/, "")
    .split(/[,，、;；/\\|]+|\s+(?=\d{7,})/)[0]
    .replace(/[\s().（）'`]/g, "");
  const whole = number.replace(/-/g, "").replace(/^(86|0)(?=1[3-9]\d{9}$)/, "");
  return PHONES[0].test(whole) || PHONES.some((one) => one.test(number));
}

/** Whether a number can be somebody's: 18 digits, with two or four more of a disability certificate, the old 15, or none (999999…). */
function isNumber(text, today, idType) {
  const number = tidy(text).replace(/['`’‘-]/g, "");
  if (idType === "other") return number.length > 0 && number.length < 23;
  if (/^999999/.test(number)) return /^\d{10,17}[\dX]?$/.test(number);
  if (/^\d{15}$/.test(number)) return isDay(`19${number.slice(6, 8)}-${number.slice(8, 10)}-${number.slice(10, 12)}`);
  return /^.{18}([1-7][1-4]([A-Z\d]\d)?)?$/.test(number) && !readNumber(number.slice(0, 18), new Date(today + "T00:00:00Z")).wrong;
}

/** One householder among those present, one number for one person, and what a number tells. */
function household(definition, scope, complete, found) {
  const ids = {};
  for (const name of ["relation", "id_number", "id_type", "birth_date", "sex"]) ids[name] = idOf(definition, "member." + name);
  const present = scope.members.filter((one) => !one.left);
  const heads = present.filter((one) => ((ids.relation && one.values[ids.relation]) || (one.card || {}).relation) === "01");
  for (const one of heads.slice(1)) found.problems.push({ path: pathOf(ids.relation, one.uid), code: "relation" });
  if (complete && !heads.length && (present.length || ids.relation)) found.problems.push({ path: "", code: "relation" });
  const seen = new Set();
  for (const one of present) {
    const value = ids.id_number && one.values[ids.id_number];
    if (!value || value.includes("*")) continue;
    const number = tidy(value).slice(0, 18);
    if (seen.has(number)) found.problems.push({ path: pathOf(ids.id_number, one.uid), code: "same_id" });
    seen.add(number);
    const told = one.values[ids.id_type] === "other" ? {} : readNumber(number);
    const sex = { male: "1", female: "2" }[told.sex];
    for (const [id, expected, say] of [
      [ids.birth_date, told.birthday, "和证件号码里的出生日期不一样，确定吗？"],
      [ids.sex, sex, "和证件号码里的性别不一样，确定吗？"],
    ]) {
      if (id && expected && !blank(one.values[id]) && one.values[id] !== expected) found.questions.push({ path: pathOf(id, one.uid), say });
    }
  }
}
