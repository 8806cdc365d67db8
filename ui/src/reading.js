// Sums as people read them. Twin of common/money.py; both answer test/reading.json the same.
const DIGITS = "零一二三四五六七八九";
const PLACES = ["", "十", "百", "千"];
const GROUPS = ["", "万", "亿", "万亿"];

/** Typed text without separators and with ordinary digits: "１２,０００元" -> "12000". */
export function plain(text) {
  return text
    .normalize("NFKC")
    .replace(/[,\s]/g, "")
    .replace(/元$/, "");
}

/** [whole, cents] of typed text, cents 0 to 99; null when it is not a sum. */
export function parse(text) {
  const found = /^(\d{1,16})(?:\.(\d{1,2}))?$/.exec(plain(text));
  return found && [Number(found[1]), Number((found[2] || "").padEnd(2, "0"))];
}

/** "180000" -> "180,000"; text that is not a sum comes back as it was. */
export function separated(text) {
  const sum = plain(text);
  if (!parse(sum)) return text;
  const [whole, cents] = sum.split(".");
  return whole.replace(/^0+(?=\d)/, "").replace(/\B(?=(\d{3})+$)/g, ",") + (cents ? "." + cents : "");
}

/** 180000 -> "十八万元"; "" when it is not a sum. */
export function inWords(text) {
  const sum = parse(text);
  if (!sum || sum[0] > Number.MAX_SAFE_INTEGER) return "";
  const [yuan, cents] = sum;
  const jiao = Math.floor(cents / 10);
  const fen = cents % 10;
  let words = yuan || !cents ? whole(yuan) + "元" : "";
  if (jiao) words += DIGITS[jiao] + "角";
  if (fen) words += (yuan && !jiao ? "零" : "") + DIGITS[fen] + "分";
  return words;
}

function whole(number) {
  if (number === 0) return "零";
  let words = "";
  let skipped = false;
  for (let power = GROUPS.length - 1; power >= 0; power--) {
    const group = Math.floor(number / 10000 ** power) % 10000;
    if (group === 0) {
      skipped = words !== "";
      continue;
    }
    if (words && (skipped || group < 1000)) words += "零";
    words += fourDigits(group) + GROUPS[power];
    skipped = false;
  }
  return words.startsWith("一十") ? words.slice(1) : words;
}

function fourDigits(number) {
  let words = "";
  let zero = false;
  for (let place = 3; place >= 0; place--) {
    const digit = Math.floor(number / 10 ** place) % 10;
    if (digit) {
      words += (zero ? "零" : "") + DIGITS[digit] + PLACES[place];
      zero = false;
    } else if (words) zero = true;
  }
  return words;
}
