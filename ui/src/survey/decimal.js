// Decimals of six places as whole millionths, rounded half away from zero, as Python's Decimal does in surveys/rules.py.
const NUMBER = /^(-?)(\d{1,15})(?:\.(\d{1,12}))?$/;
const ONE = BigInt(1000000);
const ZERO = BigInt(0);
const BEYOND = BigInt(10) ** BigInt(21);

/** A quotient of whole numbers, rounded half away from zero. */
export function divided(above, below) {
  if (below < ZERO) [above, below] = [-above, -below];
  const half = below / BigInt(2);
  const odd = below % BigInt(2);
  // |above| * 2 + below over below * 2 would do; this keeps the numbers short
  const size = above < ZERO ? -above : above;
  const whole = size / below;
  const rest = size % below;
  const up = rest > half || (rest === half && odd === ZERO) ? BigInt(1) : ZERO;
  return above < ZERO ? -(whole + up) : whole + up;
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
  return other === ZERO ? null : within(divided(one * ONE, other));
}

/** Rounded to `places` (at most six). */
export function rounded(size, places) {
  const step = BigInt(10 ** (6 - places));
  return divided(size, step) * step;
}

/** Millionths as plain digits without the zeros behind them: "12.5". */
export function text(size) {
  const digits = String(size < ZERO ? -size : size).padStart(7, "0");
  const cents = digits.slice(-6).replace(/0+$/, "");
  return (size < ZERO ? "-" : "") + digits.slice(0, -6) + (cents && "." + cents);
}
