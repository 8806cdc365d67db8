import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { totals } from "../src/survey/income.js";
import { age, evaluate, holds, quotient } from "../src/survey/rules.js";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), "utf8"));
const vectors = read("./rules.json");
const BLANK = { values: {}, members: [], last: {}, base: {} };

function scope(name) {
  const { like, ...own } = vectors.scopes[name];
  return like ? { ...scope(like), ...own } : { ...BLANK, ...own };
}

test("rules have the values their Python twin gives", () => {
  for (const [name, rule, value] of vectors.cases) {
    assert.deepEqual(evaluate(rule, scope(name)), value, name + " " + JSON.stringify(rule));
    assert.equal(holds(rule, scope(name)), value === true);
  }
});

test("quotients to last year and ages, likewise", () => {
  for (const [now, last, times] of vectors.quotients) assert.equal(quotient(now, last), times, now + " / " + last);
  for (const [born, today, years] of vectors.ages) assert.equal(age(born, today), years, born + " " + today);
});

test("an operator that nobody knows is no rule", () => {
  assert.throws(() => evaluate({ power: [1, 2] }, BLANK));
});

test("running sums of income are those of the ledger", () => {
  for (const { lines, population, totals: expected } of read("./income.json")) {
    assert.deepEqual(totals(lines, population), expected, JSON.stringify(lines));
  }
});
