// The running sums of income. Twin of households.services.annual.totals; both answer test/income.json the same.
import { divided, text, units } from "./decimal.js";

const CENT = 10000n; // in millionths
const NAMES = ["wage_income", "business_income", "property_income", "transfer_income", "business_expense", "gross_income", "net_income"];

/** {name: millionths} of lines [[item, amount]]; null without a line. `per_head_income` is null while the population is not known. */
export function sums(lines, population) {
  const group = { wage: 0n, business: 0n, property: 0n, transfer: 0n, expense: 0n };
  if (!lines.length) return null;
  for (const [item, amount] of lines) {
    const size = units(amount);
    group[item.split(".")[0]] += item === "expense.subsidy" ? -size : size;
  }
  const gross = group.wage + group.business + group.property + group.transfer;
  const net = gross - group.expense;
  return {
    wage_income: group.wage,
    business_income: group.business,
    property_income: group.property,
    transfer_income: group.transfer,
    business_expense: group.expense,
    gross_income: gross,
    net_income: net,
    per_head_income: population ? perHead(net, BigInt(population)) : null,
  };
}

function perHead(net, heads) {
  return divided(net, heads * CENT) * CENT; // to the cent in one step: rounded twice would be another sum
}

/** The same in plain digits, as the vectors write them: {name: "12.5" or null}. */
export function totals(lines, population) {
  const found = sums(lines, population);
  return Object.fromEntries([...NAMES, "per_head_income"].map((name) => [name, found && found[name] !== null ? text(found[name]) : null]));
}
