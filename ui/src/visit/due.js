// What the pack says of visits to a household (`visits.pack`), in words, and who comes first.
import { say } from "../survey/fields.js";

const DAY = 24 * 3600 * 1000;
const NEVER = "9999";

/** Days from one day to another. */
export const days = (from, to) => Math.round((new Date(to) - new Date(from)) / DAY);

/** 11月3日 */
export const spoken = (on, words) => {
  const [, month, date] = on.split("-").map(Number);
  return say(words.day, { month, date });
};

/** Households with the most urgent visit first; those with nothing due keep their order behind. */
export function order(homes, today) {
  const due = (home) => (home.visit && home.visit.due ? home.visit.due.on : NEVER);
  const places = new Map(homes.map((home, at) => [home, at]));
  return [...homes].sort((a, b) => due(a).localeCompare(due(b)) || places.get(a) - places.get(b));
}

/** {text, late}: where it is, when somebody was there, until when somebody should be and why. */
export function facts({ village, hamlet, visit }, today, words) {
  const { last, due } = visit || {};
  const place = [village, hamlet].filter(Boolean).join("");
  const late = Boolean(due && due.on < today);
  const how = words[last && last.manner === "call" ? "last_call" : "last_visit"];
  const seen = last ? say(how, { day: spoken(last.on, words) }) : visit && words.never;
  const which = due && `${late ? "overdue" : "due"}${due.manner === "call" ? "_call" : ""}`;
  const next = due ? say(words[which], { day: spoken(due.on, words), n: days(due.on, today) }) : "";
  return { text: [place, next, seen].filter(Boolean).join(" · "), why: due ? due.why : "", late };
}
