import assert from "node:assert/strict";
import { test } from "node:test";
import { days, facts, order, spoken } from "../src/visit/due.js";
import { begin, bodyOf, chipOf, coarse, later, mend, missing, MOST_PHOTOS, nextOn, toggle } from "../src/visit/visit.js";

const NOW = new Date("2026-11-26T02:00:00Z");
const draft = (more = {}) => ({ ...begin({ uid: "visit", household: "home", manner: "visit", now: NOW }), met: ["elder"], text: "好", ...more });

test("a visit begins today, as what was asked for, with nothing in it", () => {
  const fresh = begin({ uid: "visit", household: "home", manner: "call", now: NOW });
  assert.deepEqual(fresh, { uid: "visit", household: "home", manner: "call", on: "2026-11-26", met: [], seen: [], text: "", asked: "",
    next_on: null, place: null, photos: [] });
});

test("the chips of the next visit are reckoned from the day of this one", () => {
  assert.equal(nextOn("week", "2026-12-28"), "2027-01-04");
  assert.equal(nextOn("month", "2026-12-15"), "2027-01-15");
  assert.equal(nextOn("month", "2027-01-31"), "2027-02-28");
  assert.equal(nextOn("month", "2028-01-30"), "2028-02-29");
  assert.equal(nextOn("quarter", "2026-11-26"), "2027-01-01");
  assert.equal(nextOn("quarter", "2026-01-01"), "2026-04-01");
  assert.equal(nextOn("own", "2026-01-01"), null);
  assert.equal(nextOn("", "2026-01-01"), null);
  for (const chip of ["week", "month", "quarter"]) assert.equal(chipOf("2026-11-26", nextOn(chip, "2026-11-26")), chip);
  assert.equal(chipOf("2026-11-26", "2026-11-30"), "own");
  assert.equal(chipOf("2026-11-26", null), "");
});

test("every day of two years has a next week, month and quarter after it", () => {
  for (let on = "2027-01-01"; on < "2029-01-01"; on = later(on, 1)) {
    for (const chip of ["week", "month", "quarter"]) assert.ok(nextOn(chip, on) > on, `${chip} after ${on}`);
    assert.ok(days(on, nextOn("month", on)) >= 28 && days(on, nextOn("month", on)) <= 31);
    assert.ok(days(on, nextOn("quarter", on)) <= 92);
  }
});

test("nobody at home stands alone", () => {
  assert.deepEqual(toggle(["elder"], "child", true), ["elder", "child"]);
  assert.deepEqual(toggle(["elder", "child"], "nobody", true), ["nobody"]);
  assert.deepEqual(toggle(["nobody"], "elder", true), ["elder"]);
  assert.deepEqual(toggle(["elder", "child"], "elder", false), ["child"]);
  assert.deepEqual(toggle(["elder"], "elder", true), ["elder"]);
});

test("a place is known to about a kilometre, whatever the phone says", () => {
  assert.deepEqual(coarse({ longitude: 105.123456, latitude: 27.305, accuracy: 3 }), { lon: 105.12, lat: 27.31 });
  assert.deepEqual(Object.keys(coarse({ longitude: 1, latitude: 2, altitude: 3 })), ["lon", "lat"]);
});

test("what is sent has one spelling, and a call has no place", () => {
  const place = { lon: 105.12, lat: 27.3 };
  const sent = bodyOf(draft({ text: "  老人住院 ", asked: " ", place, refused: "x", at: {} }));
  assert.deepEqual([sent.text, sent.asked, sent.place], ["老人住院", "", place]);
  assert.equal("refused" in sent || "at" in sent, false);
  assert.equal(bodyOf(draft({ manner: "call", place })).place, null);
});

test("what is missing is named", () => {
  const today = "2026-11-26";
  assert.deepEqual(missing(draft(), today), []);
  assert.deepEqual(missing(draft({ met: [], text: " " }), today), ["met", "text"]);
  assert.deepEqual(missing(draft({ on: "2026-11-27" }), today), ["on"]);
  assert.deepEqual(missing(draft({ on: "" }), today), ["on"]);
  assert.deepEqual(missing(draft({ next_on: "2026-11-26" }), today), ["next_on"]);
  assert.deepEqual(missing(draft({ next_on: "2026-11-27" }), today), []);
});

test("draft and pictures come together again after a kill", () => {
  const row = (uid, op = null) => ({ uid, op });
  assert.deepEqual(mend(draft({ photos: ["a", "gone"] }), [row("a"), row("b")]).photos, ["a", "b"]);
  assert.deepEqual(mend(draft({ photos: ["a"] }), [row("a", "sent with another")]).photos, []);
  const many = [1, 2, 3, 4, 5, 6, 7].map((n) => row(String(n)));
  assert.equal(mend(draft(), many).photos.length, MOST_PHOTOS);
});

const WORDS = {
  day: "{month}月{date}日", last_visit: "上次走访 {day}", last_call: "上次电话 {day}", never: "还没有走访过",
  due: "应在 {day} 前走访", overdue: "应在 {day} 前走访，已超期 {n} 天", due_call: "应在 {day} 前打电话", overdue_call: "应在 {day} 前打电话，已超期 {n} 天",
};
const home = (uid, due, more = {}) => ({ uid, householder: uid, village: "青石村", hamlet: "2组", visit: { last: null, due, ...more } });

test("the most urgent household comes first, the others stay in their order", () => {
  const homes = [home("none"), home("soon", { on: "2026-12-01" }), home("late", { on: "2026-11-20" }), { uid: "bare" }];
  assert.deepEqual(order(homes, "2026-11-26").map((one) => one.uid), ["late", "soon", "none", "bare"]);
  assert.deepEqual(homes.map((one) => one.uid), ["none", "soon", "late", "bare"]);
});

test("a household says where it is, what is due and who was there", () => {
  const today = "2026-11-26";
  const late = facts(home("a", { on: "2026-11-23", why: "每月一次", manner: "visit" }, { last: { on: "2026-10-26", manner: "call" } }), today, WORDS);
  assert.deepEqual(late, { text: "青石村2组 · 应在 11月23日 前走访，已超期 3 天 · 上次电话 10月26日", why: "每月一次", late: true });
  assert.equal(facts(home("a", { on: today, why: "", manner: "call" }), today, WORDS).text, "青石村2组 · 应在 11月26日 前打电话 · 还没有走访过");
  assert.deepEqual(facts({ village: "青石村" }, today, WORDS), { text: "青石村", why: "", late: false });
  assert.equal(spoken("2026-03-05", WORDS), "3月5日");
});
