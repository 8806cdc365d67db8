// What an 18-character identity number says about itself (GB 11643-1999). The server is the authority; this is for speed.
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
const CHECK = "10X98765432";

export function tidy(text) {
  return text.normalize("NFKC").replace(/\s/g, "").toUpperCase();
}

/** {birthday, sex} of a valid number, else {wrong: "length" | "chars" | "day" | "digit"}; sex is "male" or "female". */
export function read(text, today = new Date()) {
  const number = tidy(text);
  if (!/^\d*X?$/.test(number)) return { wrong: "chars" };
  if (number.length !== 18) return { wrong: "length" };
  const birthday = `${number.slice(6, 10)}-${number.slice(10, 12)}-${number.slice(12, 14)}`;
  const day = new Date(birthday + "T00:00:00Z");
  const real = !isNaN(day) && day.toISOString().slice(0, 10) === birthday;
  if (!real || number.slice(6, 10) < "1880" || day > today) return { wrong: "day" };
  const sum = WEIGHTS.reduce((total, weight, place) => total + weight * Number(number[place]), 0);
  if (CHECK[sum % 11] !== number[17]) return { wrong: "digit" };
  return { birthday, sex: Number(number[16]) % 2 ? "male" : "female" };
}
