import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { check, isPhone } from "../src/survey/answers.js";
import { scope } from "../scripts/twins.mjs";

const { form, year, today, cases } = JSON.parse(readFileSync(new URL("./answers.json", import.meta.url), "utf8"));
const sorted = (rows) => rows.map((row) => row.join(" ")).sort();

for (const one of cases) {
  test(one.name, () => {
    const told = scope(form, { ...one, year, today });
    const found = check(form, told, one.complete);
    assert.deepEqual(sorted(found.problems.map(({ path, code }) => [path, code])), sorted(one.problems));
    assert.deepEqual(sorted(found.questions.map(({ path, say }) => [path, say])), sorted(one.questions));
    for (const path of one.not_asked) assert.ok(!found.asked.includes(path), path);
  });
}

test("numbers that can be dialled", () => {
  for (const number of ["13800001234", "+86 138 0000 1234", "（0871）65123456", "0871-6512345-12", "8652123"]) assert.ok(isPhone(number), number);
  for (const number of ["", "1380000123", "12345", "电话", "0871"]) assert.ok(!isPhone(number), number);
});
