import assert from "node:assert/strict";
import { test } from "node:test";
import { createHash } from "node:crypto";
import { check } from "../src/survey/answers.js";
import { parsed, say } from "../src/survey/fields.js";
import { meant } from "../src/survey/keys.js";
import { sha256 } from "../src/survey/sha256.js";
import { State, alike, begin, day, split } from "../src/survey/state.js";

const [HEAD, CHILD, BABY] = ["1", "2", "3"].map((sign) => `00000000-0000-4000-8000-00000000000${sign}`);
const DEFINITION = {
  code: "small", version: "1", title: "小调查表", order: ["reason", "school"],
  steps: [
    { id: "home", title: "住房", fields: [
      { id: "area", type: "decimal", label: "住房面积", last: true, writes: "year.dwelling_area", highest: "9999.99", places: 2,
        soft: [{ if: { ">": [{ var: "area" }, { "*": [3, { var: "last.area" }] }] }, say: "是去年的 {x} 倍，确定吗？" }] },
      { id: "toilet", type: "yesno", label: "卫生厕所", last: true, required: true },
      { id: "reason", type: "text", label: "为什么没有", show: { "==": [{ var: "toilet" }, false] } },
      { id: "wage", type: "money", label: "工资性收入", last: true, writes: "income.wage.other", highest: "9999999999.99", places: 2 },
    ] },
    { id: "people", title: "成员", repeat: "member", fields: [
      { id: "name", type: "text", label: "姓名", writes: "member.name", required: true },
      { id: "relation", type: "choice", label: "与户主关系", writes: "member.relation", codes: ["01", "03"] },
      { id: "birth_date", type: "date", label: "出生日期", writes: "member.birth_date" },
      { id: "school", type: "text", label: "学校", last: true, show: { "<": [{ var: "age" }, 18] } },
    ] },
  ],
};
const ENTRY = {
  uid: "household", form: "small@1", year: 2026,
  members: [{ uid: HEAD, name: "王建国", relation: "01", birth_date: "1970-01-01" }, { uid: CHILD, name: "王芳", relation: "03", birth_date: "2016-01-01" }],
  now: { area: "90", [`${HEAD}/name`]: "王建国", [`${HEAD}/relation`]: "01", [`${CHILD}/name`]: "王芳", [`${CHILD}/birth_date`]: "2016-01-01" },
  last: { area: "92", toilet: true, wage: "18000", [`${CHILD}/school`]: "村小" },
};
const NOW = new Date("2026-11-25T02:00:00Z");

const draftOf = (more = {}) => begin({ ...ENTRY, ...more }, { form: "small@1", channel: "phone", uid: "survey", now: NOW });
const fresh = () => new State(DEFINITION, draftOf(), ENTRY);

/** As after closing the page and opening it again. */
const again = (state) => new State(DEFINITION, JSON.parse(JSON.stringify(state.record({ step: "home", path: "area" }))), ENTRY);

test("a draft begins with what the ledger holds", () => {
  const draft = draftOf();
  assert.equal(draft.answers.values.area, "90");
  assert.deepEqual(draft.answers.members.map((one) => one.values.name), ["王建国", "王芳"]);
  assert.deepEqual(draft.base, ENTRY.now);
  assert.deepEqual([draft.revision, draft.purpose, draft.year, draft.surveyed_on], [0, "survey", 2026, day(NOW)]);
});

test("a survey that came back begins as it was sent, with the next revision's number", () => {
  const returned = { uid: "old", revision: 2, answers: { values: { area: "80" }, members: [] }, base: { area: "70" }, same: ["toilet"],
    kept: {}, reasons: { area: "请重新量" } };
  const draft = draftOf({ returned });
  assert.deepEqual([draft.uid, draft.revision, draft.answers.values.area, draft.base.area], ["old", 2, "80", "70"]);
  assert.equal("reasons" in draft, false);
});

test("as last year is one tap, is recorded, and can be taken back", () => {
  const state = fresh();
  state.toggleSame("toilet");
  assert.deepEqual([state.get("toilet"), [...state.same]], [true, ["toilet"]]);
  state.toggleSame("toilet");
  assert.deepEqual([state.get("toilet"), [...state.same]], [undefined, []]);
  state.put("wage", "20000", "typed");
  state.toggleSame("wage");
  state.toggleSame("wage");
  assert.equal(state.get("wage"), "20000");
  state.toggleSame("wage");
  state.put("wage", "21000", "typed");
  assert.deepEqual([...state.same], []);
});

test("what is blank and was answered last year can be copied, except money", () => {
  const state = fresh();
  const [home, people] = DEFINITION.steps;
  const { asked } = state.check();
  assert.deepEqual(state.copyable(home, "", asked), ["toilet"]);
  assert.deepEqual(state.copyable(people, CHILD, asked), [`${CHILD}/school`]);
  assert.deepEqual(state.copyable(people, HEAD, asked), []);
});

test("an answered question stays answered until the answer changes", () => {
  const state = fresh();
  state.put("area", "900", "typed");
  assert.deepEqual(state.asks("area", state.check()), [["是去年的 9.8 倍，确定吗？"], []]);
  state.keep("area", state.check());
  assert.deepEqual(state.asks("area", state.check()), [[], ["是去年的 9.8 倍，确定吗？"]]);
  assert.deepEqual(again(state).body().kept, { area: ["是去年的 9.8 倍，确定吗？"] });
  state.put("area", "90", "typed");
  assert.deepEqual(state.body().kept, {});
});

test("a field that is not asked has no answer, and its answer comes back with it", () => {
  const state = fresh();
  state.put("toilet", false, "typed");
  state.put("reason", "正在修", "typed");
  assert.equal(state.body().answers.values.reason, "正在修");
  state.put("toilet", true, "typed");
  assert.equal("reason" in state.body().answers.values, false);
  const later = again(state);
  later.put("toilet", false, "typed");
  assert.equal(later.body().answers.values.reason, "正在修");
});

test("text that is no answer yet is kept, and is no answer", () => {
  const state = fresh();
  state.spell("wage", "一万八");
  assert.equal("wage" in state.body().answers.values, false);
  assert.deepEqual(again(state).raw, { wage: "一万八" });
});

test("who left has no answers, and has them again when the leaving is taken back", () => {
  const state = fresh();
  state.member(CHILD).left = { reason: "death", on: "2026-03-01" };
  assert.deepEqual(state.body().answers.members[1], { uid: CHILD, left: { reason: "death", on: "2026-03-01" }, values: {} });
  const later = again(state);
  delete later.member(CHILD).left;
  assert.equal(later.body().answers.members[1].values.name, "王芳");
});

test("a new member is asked, counted and sent as new; added by mistake it leaves nothing", () => {
  const state = fresh();
  state.add(BABY, { reason: "birth", on: "2026-02-11" });
  state.put(`${BABY}/name`, "王小妹", "typed");
  assert.deepEqual(state.body().answers.members[2], { uid: BABY, new: true, joined: { reason: "birth", on: "2026-02-11" }, values: { name: "王小妹" } });
  assert.equal(state.sums().heads, "3");
  state.forget(BABY);
  assert.equal(state.body().answers.members.length, 2);
});

test("the running total is that of the household now", () => {
  const state = fresh();
  assert.deepEqual(state.sums(), { gross: null, net: null, per_head: null, heads: "2" });
  state.put("wage", "30000.5", "typed");
  assert.deepEqual(state.sums(), { gross: "30000.5", net: "30000.5", per_head: "15000.25", heads: "2" });
});

test("effort: what was typed again although it was known", () => {
  const state = fresh();
  state.put("wage", "18000", "typed"); // as last year
  state.put("area", "90", "typed"); // as the ledger has it
  state.put("toilet", false, "typed");
  state.toggleSame(`${CHILD}/school`);
  const counts = again(state).counts();
  assert.deepEqual([counts.typed, counts.same, counts.retyped], [3, 1, 2]);
});

test("photos of what is asked are named", () => {
  const field = { id: "shots", type: "photo", label: "照片", show: { "==": [{ var: "toilet" }, true] } };
  const definition = { ...DEFINITION, order: ["shots"], steps: [{ ...DEFINITION.steps[0], fields: [...DEFINITION.steps[0].fields, field] }] };
  const state = new State(definition, draftOf(), ENTRY);
  state.put("shots", ["a", "b"], "typed");
  assert.deepEqual(state.body().photos, []);
  state.put("toilet", true, "typed");
  assert.deepEqual(state.body().photos, ["a", "b"]);
});

test("numbers as people type them", () => {
  const value = (type, text) => parsed(type, text).value;
  assert.deepEqual(["１２,０００", "12000元", " 012000.50 ", "0", ""].map((text) => value("money", text)), ["12000", "12000", "12000.5", "0", undefined]);
  assert.deepEqual(["1.234567", "007"].map((text) => value("decimal", text)), ["1.234567", "7"]);
  assert.equal(value("integer", "5"), 5);
  assert.deepEqual([["money", "1.234"], ["money", "一万"], ["integer", "2.5"], ["decimal", "-3"]].map(([type, text]) => parsed(type, text)),
    [{ raw: "1.234" }, { raw: "一万" }, { raw: "2.5" }, { raw: "-3" }]);
  assert.equal(value("phone", "139 0871-0001"), "13908710001");
  assert.equal(value("id_number", "53010119900101002x"), "53010119900101002X");
  assert.equal(value("text", "  王建国 "), "王建国");
});

test("a number, its code or first letters mean a choice", () => {
  const choices = [["1", "zls"], ["2", "js"], ["3", "sjs"], ["10", "qt"], ["99", "qt2"]].map(([number, keys]) => ({ number, keys }));
  const place = (text) => meant(choices, text);
  assert.deepEqual(["1", "10", "99", "J", "sj", "q", "x"].map(place), [0, 3, 4, 1, 2, 3, -1]);
});

test("small things", () => {
  assert.deepEqual([split("area"), split(`${HEAD}/name`)], [["", "area"], [HEAD, "name"]]);
  assert.equal(say("去年：{value}", { value: "92 ㎡" }), "去年：92 ㎡");
  assert.equal(say("第 {n} 步", {}), "第 {n} 步");
  assert.ok(alike(undefined, null) && alike(["a"], ["a"]) && !alike("1", 1));
});

test("a hash without the browser's help", () => {
  for (const size of [0, 1, 55, 56, 63, 64, 65, 1000, 70001]) {
    const bytes = Uint8Array.from({ length: size }, (_, place) => (place * 31 + size) & 255);
    assert.equal(sha256(bytes.buffer), createHash("sha256").update(bytes).digest("hex"), size + " bytes");
  }
});
