// The rule machine of survey forms. Twin of surveys/rules.py; both answer test/rules.json the same.
// A value is null (blank), true, false, a BigInt of millionths, text, or a list.
import { divided, over, text as plain, times, units, within } from "./decimal.js";
import { sums } from "./income.js";

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const SUMS = ["net", "gross", "per_head"];
const LESS = { "<": (a, b) => a < b, "<=": (a, b) => a <= b, ">": (a, b) => a > b, ">=": (a, b) => a >= b };
const STEP = { "+": (a, b) => within(a + b), "-": (a, b) => within(a - b), "*": times, "/": over };

/**
 * The value of a rule, numbers as BigInt.
 * Scope: {values, members: [{uid, values, left, born}], last, base, year, today, income: {field: item}, population, birth, member, person}.
 * `person` may save looking for the member.
 */
function value(rule, scope) {
  if (Array.isArray(rule)) return rule.length ? rule.map((one) => value(one, scope)) : null;
  if (rule === null || typeof rule !== "object") return stored(rule);
  const [operator, operands] = Object.entries(rule)[0];
  return apply(operator, Array.isArray(operands) ? operands : [operands], scope);
}

/** The value of a rule, numbers as plain digits. */
export function evaluate(rule, scope) {
  return written(value(rule, scope));
}

/** Whether a rule is true: blank is not. */
export function holds(rule, scope) {
  return value(rule, scope) === true;
}

/** How many times last year's value a value is, to one place; "" where that cannot be said. */
export function quotient(now, last) {
  const [above, below] = [units(now), units(last)];
  if (above === null || !below) return "";
  const tenths = 100000n;
  return plain(divided(above * 10n, below) * tenths);
}

/** Full years between two days written 2026-03-01; null where that cannot be said. */
export function age(born, today) {
  if (!isDay(born) || !isDay(today)) return null;
  const years = today.slice(0, 4) - born.slice(0, 4) - (today.slice(5) < born.slice(5) ? 1 : 0);
  return years < 0 ? null : years;
}

function looksDay(text) {
  return typeof text === "string" && DATE.test(text);
}

/** Whether text is a day that exists, written 2026-03-01. */
export function isDay(text) {
  if (!looksDay(text) || text < "0001") return false;
  const [year, month, day] = text.split("-").map(Number);
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  return month > 0 && month < 13 && day > 0 && day <= [31, leap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month - 1];
}

function written(found) {
  if (typeof found === "bigint") return plain(found);
  return Array.isArray(found) ? found.map(written) : found;
}

function stored(found) {
  if (found === undefined || found === null || found === "") return null;
  if (typeof found === "number") return units(found);
  return Array.isArray(found) && !found.length ? null : found;
}

function first(one, other) {
  return one === null ? stored(other) : one;
}

function present(scope) {
  return (scope.members || []).filter((one) => !one.left);
}

function person(scope) {
  return scope.person || (scope.member && (scope.members || []).find((one) => one.uid === scope.member)) || null;
}

function income(scope, name, values, heads) {
  const lines = [];
  for (const [field, item] of Object.entries(scope.income || {})) {
    const amount = units(stored(values[field]));
    if (amount !== null) lines.push([item, amount]);
  }
  const counted = scope.population ? units(stored(values[scope.population])) : null;
  const found = sums(lines, counted === null ? BigInt(heads) : counted / 1000000n);
  return found && found[name];
}

function variable(name, scope) {
  const dot = name.indexOf(".");
  const [head, rest] = [name.slice(0, Math.max(dot, 0)), name.slice(dot + 1)];
  if (head === "top") return stored(scope.values[rest]);
  if (head === "last" || head === "base") {
    const earlier = scope[head] || {};
    if (SUMS.includes(rest)) return income(scope, rest, earlier, 0);
    return first(scope.member ? stored(earlier[scope.member + "/" + rest]) : null, earlier[rest]);
  }
  const who = person(scope);
  if (name === "age") {
    const years = who && age(who.values[scope.birth] || who.born, scope.today);
    return years === null ? null : units(years);
  }
  if (name === "members") return units(present(scope).length);
  if (name === "year") return scope.year ? units(scope.year) : null;
  if (name === "today") return scope.today || null;
  if (SUMS.includes(name)) return income(scope, name, scope.values, present(scope).length);
  return first(who ? stored(who.values[name]) : null, scope.values[name]);
}

function same(one, other) {
  if (Array.isArray(one) && Array.isArray(other)) return one.length === other.length && one.every((each, at) => same(each, other[at]));
  if (typeof one === "bigint" || typeof other === "bigint") {
    const size = units(one);
    return size !== null && size === units(other);
  }
  return one === other;
}

function apply(operator, rules, scope) {
  switch (operator) {
    case "var":
      return variable(rules[0], scope);
    case "sum": {
      const found = present(scope)
        .map((one) => units(stored(one.values[rules[0]])))
        .filter((one) => one !== null);
      return found.length ? within(found.reduce((one, other) => one + other)) : null;
    }
    case "count":
      return units(present(scope).filter((one) => holds(rules[0], { ...scope, member: one.uid, person: one })).length);
    case "and":
      return rules.every((rule) => holds(rule, scope));
    case "or":
      return rules.some((rule) => holds(rule, scope));
    case "!":
      return !holds(rules[0], scope);
    case "if":
      if (holds(rules[0], scope)) return value(rules[1], scope);
      return rules.length > 2 ? value(rules[2], scope) : null;
  }
  const [one, other, ...more] = rules.map((rule) => value(rule, scope));
  if (operator === "blank") return one === null;
  if (operator === "==" || operator === "!=") {
    if (one === null || other === null) return one === other ? operator === "==" : null;
    return same(one, other) === (operator === "==");
  }
  if (operator === "in") return one === null || !Array.isArray(other) ? null : other.some((each) => same(one, each));
  if (LESS[operator]) {
    if (looksDay(one) && looksDay(other)) return LESS[operator](one, other);
    const [left, right] = [units(one), units(other)];
    return left === null || right === null ? null : LESS[operator](left, right);
  }
  const step = STEP[operator];
  if (!step) throw new Error("rule: " + operator);
  const numbers = (rules.length > 1 ? [one, other, ...more] : [one]).map(units);
  if (numbers.includes(null)) return null;
  if (operator === "-" && numbers.length === 1) return -numbers[0];
  return numbers.reduce((total, each) => (total === null ? null : step(total, each)));
}
