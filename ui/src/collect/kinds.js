// What differs between the records a phone keeps: what one is called in a list, where it opens, what stands in it.
import { day } from "../survey/day.js";
import * as store from "../survey/store.js";
import { fill, told, words } from "./page.js";

const SURVEY = {
  name: ({ householder }) => householder || words.nameless,
  address: ({ form }, rest) => store.formUrl(form, rest),
  /** [{title, values}]: of the household, then of each member. */
  parts({ answers }, title) {
    const names = new Map((title.home?.members || []).map((one) => [one.uid, one.name]));
    const people = (answers.members || []).map(({ uid, values }) => ({ title: values.name || names.get(uid) || "", values }));
    return [{ title: "", values: answers.values }, ...people];
  },
  mends: (state) => state === "refused",
};

const VISIT = {
  name: ({ householder, manner, on }) =>
    householder ? fill(told[manner === "call" ? "called" : "visited"], { name: householder, on: spoken(on) }) : words.nameless,
  address: async (row, rest) => `/collect/visit/#${rest}`,
  parts({ manner, on, met, seen, text, asked, next_on, place, photos }) {
    const told = { manner, on, met, seen, text, asked, next_on, place: place && told.place_kept, photos: photos.length };
    return [{ title: "", values: Object.fromEntries(Object.entries(told).filter(([, value]) => value && String(value))) }];
  },
  // Nobody has read it yet; where the server has it after all, it says so and keeps what it has.
  mends: (state) => state === "refused" || state === "queued",
};

/** Today, or the day as 11-26. */
const spoken = (on) => (on === day(new Date()) ? told.today : (on || "").slice(5));

export const VISITS = "visit.record";
export const of = (row) => (store.kindOf(row) === VISITS ? VISIT : SURVEY);
