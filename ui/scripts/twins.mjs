// Reads [[rule, scope] …] on the standard input and writes their values, for the test that makes rules up in Python.
import { readFileSync } from "node:fs";
import { totals } from "../src/survey/income.js";
import { evaluate } from "../src/survey/rules.js";

const { rules = [], sums = [] } = JSON.parse(readFileSync(0, "utf8"));
process.stdout.write(
  JSON.stringify({
    rules: rules.map(([rule, scope]) => evaluate(rule, scope)),
    sums: sums.map(([lines, population]) => totals(lines, population)),
  }),
);
