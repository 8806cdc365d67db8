// Decimals of six places as whole millionths, rounded half away from zero, as Python's Decimal does in surveys/rules.py.
const NUMBER = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/;
const ONE = 1000000n;
const BEYOND = 10n ** 21n;

/** A quotient of whole numbers, rounded half away from zero. */
export function divided(above, below) {
  const negative = above < 0n !== below < 0n;
  if (above < 0n) above = -above;
  if (below < 0n) below = -below;
  const size = (above * 2n + below) / (below * 2n);
  return negative ? -size : size;
}

/** Millionths of a JSON number or of plain digits; null for anything else, and for more than 15 digits. */
export function units(value) {
  if (typeof value === "bigint") return value;
  if (typeof value === "number") value = Math.abs(value) < 1e15 ? (Number.isInteger(value) ? String(value) : value.toFixed(12)) : "";
  const found = typeof value === "string" && NUMBER.exec(value);
  if (!found) return null;
  const size = divided(BigInt(found[2] + (found[3] || "").padEnd(12, "0")), ONE);
  return within(found[1] ? -size : size);
}

/** Beyond 15 digits a result is blank. */
export function within(size) {
  return size < BEYOND && size > -BEYOND ? size : null;
}

export function times(one, other) {
  return within(divided(one * other, ONE));
}

export function over(one, other) {
  return other ? within(divided(one * ONE, other)) : null;
}

/** Millionths as plain digits without the zeros behind them: "12.5". */
export function text(size) {
  const digits = String(size < 0n ? -size : size).padStart(7, "0");
  const cents = digits.slice(-6).replace(/0+$/, "");
  return (size < 0n ? "-" : "") + digits.slice(0, -6) + (cents && "." + cents);
}
