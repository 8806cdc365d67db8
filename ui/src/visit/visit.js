// A visit as it is written down, without a page: the body of `visit.record` (docs/surveys.md), its dates, its place, what is missing.

import { day } from "../survey/day.js";

export const KIND = "visit.record";
export const MOST_PHOTOS = 5;
export const NOBODY = "nobody";

const DAY = 24 * 3600 * 1000;

const at = (text) => new Date(`${text}T00:00:00Z`);
const written = (date) => date.toISOString().slice(0, 10);

/** `from` ("2026-01-31") and so many days later. */
export const later = (from, days) => written(new Date(at(from).getTime() + days * DAY));

/** The same day of the next month, or its last where it has no such day. */
function monthAfter(from) {
  const date = at(from);
  const last = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 2, 0)).getUTCDate();
  return written(new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, Math.min(date.getUTCDate(), last))));
}

/** The first day of the next quarter. */
function quarterAfter(from) {
  const date = at(from);
  return written(new Date(Date.UTC(date.getUTCFullYear(), 3 * Math.floor(date.getUTCMonth() / 3) + 3, 1)));
}

/** The day of a chip, reckoned from the day of the visit; null for one's own choice. */
export const nextOn = (chip, from) => ({ week: later(from, 7), month: monthAfter(from), quarter: quarterAfter(from) })[chip] || null;

/** The chip of a day. */
export const chipOf = (on, next) => (next ? ["week", "month", "quarter"].find((chip) => nextOn(chip, on) === next) || "own" : "");

/** A place good enough to know the village by, about 1 km; nothing finer is ever kept. */
export const coarse = ({ longitude, latitude }) => ({ lon: Math.round(longitude * 100) / 100, lat: Math.round(latitude * 100) / 100 });

/** A draft that begins now. */
export function begin({ uid, household, manner, now }) {
  return { uid, household, manner, on: day(now), met: [], seen: [], text: "", asked: "", next_on: null, place: null, photos: [] };
}

/** A code was tapped: nobody at home stands alone. */
export function toggle(codes, code, on) {
  if (!on) return codes.filter((one) => one !== code);
  return [...(code === NOBODY ? [] : codes.filter((one) => one !== NOBODY && one !== code)), code];
}

/** Draft and pictures of this phone brought together: what lies here is in it, what does not is not. */
export function mend(draft, pictures) {
  const here = pictures.filter((one) => !one.op).map((one) => one.uid);
  const photos = draft.photos.filter((uid) => here.includes(uid));
  return { ...draft, photos: [...photos, ...here.filter((uid) => !photos.includes(uid))].slice(0, MOST_PHOTOS) };
}

const tidy = (text) => text.normalize("NFC").trim();

/** What is sent of a draft, in the one spelling. A call has no place. */
export function bodyOf({ uid, household, manner, on, met, seen, text, asked, next_on, place, photos }) {
  const where = manner === "visit" ? place : null;
  return { uid, household, manner, on, met, seen, text: tidy(text), asked: tidy(asked), next_on, place: where, photos };
}

/** Names of the fields that keep a visit from being saved: on, met, text, next_on. `today` by the phone's clock. */
export function missing({ on, met, text, next_on }, today) {
  const found = [];
  if (!on || on > today) found.push("on");
  if (!met.length) found.push("met");
  if (!tidy(text)) found.push("text");
  if (next_on && next_on <= on) found.push("next_on");
  return found;
}
