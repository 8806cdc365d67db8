// Answers, for the tests in Python, what the scripts make of rules, sums and answers that were made up: JSON on the standard input.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { check, scopeOf } from "../src/survey/answers.js";
import { totals } from "../src/survey/income.js";
import { evaluate } from "../src/survey/rules.js";

/** The scope of answers as they are sent: {answers, cards, last, base, year, today}. */
export function scope(form, { answers, cards, last = {}, base = {}, year, today }) {
  const card = new Map(cards.map((one) => [one.uid, one]));
  const told = answers.members.map((one) => ({ ...one, card: card.get(one.uid), born: (card.get(one.uid) || {}).birth_date || "" }));
  const others = cards.filter(({ uid }) => !told.some((one) => one.uid === uid));
  const members = told.concat(others.map((one) => ({ uid: one.uid, values: {}, card: one, born: one.birth_date || "", unasked: true })));
  return scopeOf(form, { values: answers.values, members, last, base, year, today });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { rules = [], sums = [], checks = [] } = JSON.parse(readFileSync(0, "utf8"));
  const answered = ([form, told]) => {
    const { asked, problems, questions } = check(form, scope(form, told), told.complete);
    return { asked, problems: problems.map((one) => [one.path, one.code]), questions: questions.map((one) => [one.path, one.say]) };
  };
  process.stdout.write(
    JSON.stringify({
      rules: rules.map(([rule, told]) => evaluate(rule, told)),
      sums: sums.map(([lines, population]) => totals(lines, population)),
      checks: checks.map(answered),
    }),
  );
}
