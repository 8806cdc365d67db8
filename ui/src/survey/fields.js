// Controls of a survey form: what stands in one as an answer, an answer as it stands in one, an answer in words.
import { plain, separated } from "../reading.js";

/** An element: `make("p", {className: "hint"}, "text", node …)`. Properties with a dash are attributes. */
export function make(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (name.includes("-") || name === "role" || name === "for") node.setAttribute(name, value);
    else node[name] = value;
  }
  node.append(...children.filter((one) => one !== null && one !== undefined && one !== ""));
  return node;
}

/** The text of `sentence` with {name} filled in. */
export function say(sentence, values = {}) {
  return sentence.replace(/\{(\w+)\}/g, (found, name) => (name in values ? values[name] : found));
}

const inputs = (box) => [...box.querySelectorAll(".choice input")];

/** Where the focus goes in a field: its control, of tiles the chosen one; a signature has only its button. */
export function focusable(box) {
  const first = (selector) => box.querySelector(selector);
  return first(".choice input:checked") || first(".choice input, .in, .sv-file") || first("button:not([hidden])");
}

/** {value} of a text, or {raw} where it is no answer of that type; {value: undefined} where it is blank. Pure. */
export function parsed(type, text) {
  const tidy = text.normalize("NFC").trim();
  if (!tidy) return { value: undefined };
  const digits = plain(tidy);
  if (type === "integer") return /^\d{1,9}$/.test(digits) ? { value: Number(digits) } : { raw: tidy };
  if (type === "decimal" || type === "money") {
    const places = type === "money" ? 2 : 6;
    const found = /^(\d{1,12})(?:\.(\d+))?$/.exec(digits);
    const cents = found && (found[2] || "").replace(/0+$/, "");
    if (!found || cents.length > places) return { raw: tidy };
    return { value: found[1].replace(/^0+(?=\d)/, "") + (cents && "." + cents) };
  }
  if (type === "phone") return { value: tidy.includes("*") ? tidy : digits.replace(/[^\d+]/g, "") || tidy };
  if (type === "id_number") return { value: digits.toUpperCase() };
  return { value: tidy };
}

/** The answer that stands in a field. */
export function read(box) {
  const { t: type } = box.dataset;
  if (type === "yesno" || type === "choice") {
    const select = box.querySelector("select");
    const chosen = select || box.querySelector(".choice input:checked");
    const code = chosen ? chosen.value : "";
    if (!code) return { value: undefined };
    return { value: type === "yesno" ? code === "true" : code };
  }
  if (type === "choices") {
    const codes = inputs(box).filter((one) => one.checked).map((one) => one.value).sort();
    return { value: codes.length ? codes : undefined };
  }
  const input = box.querySelector(".in");
  if (type === "date") return input.validity.badInput ? { raw: "?" } : { value: input.value || undefined };
  return parsed(type, input.value);
}

/** Puts an answer, or text that is none, into a field. */
export function write(box, value, raw = "") {
  const { t: type } = box.dataset;
  if (type === "yesno" || type === "choice") {
    const code = value === undefined ? "" : String(value);
    const select = box.querySelector("select");
    if (select) select.value = code; // also a code of earlier years, which nobody can choose
    else for (const one of inputs(box)) one.checked = one.value === code;
    box.dataset.on = code;
  } else if (type === "choices") {
    for (const one of inputs(box)) one.checked = (value || []).includes(one.value);
  } else {
    const input = box.querySelector(".in");
    if (input) input.value = raw || (value === undefined ? "" : type === "money" ? separated(String(value)) : String(value));
  }
}

/** An answer in words, for last year's line and for checking. `words` of the page. */
export function shown(box, value, words, { type, unit }) {
  if (value === undefined || value === null || value === "") return "";
  if (type === "photo") return say(words.photos, { n: value.length });
  if (type === "signature") return words.signed;
  if (type === "date") {
    const [year, month, day] = value.split("-").map(Number);
    return say(words.day, { year, month, day });
  }
  if (type === "yesno" || type === "choice" || type === "choices") {
    const label = (code) => {
      const one = [...box.querySelectorAll("option, .choice input")].find((each) => each.value === String(code));
      return one ? one.text || one.nextElementSibling.textContent : code;
    };
    return [].concat(value).map(label).join(words.and);
  }
  const text = type === "money" || type === "decimal" ? separated(String(value)) : String(value); // 2014 is no 2,014
  const measure = type === "money" ? words.yuan : unit;
  return measure ? `${text} ${measure}` : text;
}
