import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { inWords, parse, plain, separated } from "../src/reading.js";
import { read } from "../src/idcard.js";

const cases = JSON.parse(readFileSync(new URL("./reading.json", import.meta.url), "utf8"));
const today = new Date("2026-11-22T00:00:00Z");

test("reads sums as the Python twin does", () => {
  for (const [sum, words] of cases) assert.equal(inWords(sum), words, sum);
});

test("takes what people type", () => {
  assert.equal(plain("１２,０００ 元"), "12000");
  assert.equal(separated("１２３４５６７.5"), "1,234,567.5");
  assert.equal(separated("007"), "7");
  assert.equal(separated("约三万"), "约三万");
  assert.equal(parse("-5"), null);
  assert.equal(inWords("三万"), "");
});

test("reads birthday and sex from an identity number", () => {
  assert.deepEqual(read("11010519491231002x", today), { birthday: "1949-12-31", sex: "female" });
  assert.deepEqual(read("１１０１０５１９４９１２３１００２Ｘ", today), { birthday: "1949-12-31", sex: "female" });
});

test("says what is wrong with an identity number", () => {
  assert.equal(read("110105194912310021", today).wrong, "digit");
  assert.equal(read("11010519490230002X", today).wrong, "day");
  assert.equal(read("11010520991231002X", today).wrong, "day");
  assert.equal(read("1101051949", today).wrong, "length");
  assert.equal(read("1101051949123100XX", today).wrong, "chars");
});
