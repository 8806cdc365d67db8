// The running sums of income. Twin of households.services.annual.totals; both answer test/income.json the same.
import { divided, text, units } from "./decimal.js";

const CENT = 10000n; // in millionths

/** {wage, business, property, transfer, expense, gross, net, per_head} in millionths of lines [[item, amount]]; null without a line.
 *  `per_head` is null while the population is not known. */
export function sums(lines, population) {
  const group = { wage: 0n, business: 0n, property: 0n, transfer: 0n, expense: 0n };
  if (!lines.length) return null;
  for (const [item, amount] of lines) {
    const size = units(amount);
    group[item.split(".")[0]] += item === "expense.subsidy" ? -size : size;
  }
  const gross = group.wage + group.business + group.property + group.transfer;
  const net = gross - group.expense;
  return { ...group, gross, net, per_head: population ? perHead(net, BigInt(population)) : null };
}

function perHead(net, heads) {
  return divided(net, heads * CENT) * CENT; // to the cent in one step: rounded twice would be another sum
}

const INCOME = ["wage", "business", "property", "transfer", "gross", "net", "per_head"];

/** The same in plain digits, as the vectors and the ledger name them: {"net_income": "12.5" or null}. */
export function totals(lines, population) {
  const found = sums(lines, population);
  const names = [...INCOME.map((name) => [`${name}_income`, name]), ["business_expense", "expense"]];
  return Object.fromEntries(names.map(([name, key]) => [name, found && found[key] !== null ? text(found[key]) : null]));
}
