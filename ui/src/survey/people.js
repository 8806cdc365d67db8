// Members: their cards in each step that asks of them.
import { boxes, on, sectionOf, word } from "./board.js";
import { shown } from "./fields.js";
import { pathOf } from "./state.js";
import { copyButton, gather, progress } from "./steps.js";

const numbers = new Map(); // member -> number of its cards
export const repeated = () => on.definition.steps.filter((step) => step.repeat);

/** [box, reason, day] of a member's coming ("joined") or going ("left"). */
export const parts = (card, kind) => {
  const part = card.querySelector(`[data-moved="${kind}"]`);
  return [part, part.querySelector("select"), part.querySelector("input")];
};

/** The card of a member in a step; ids carry the member's number. */
export function addCard(step, one) {
  if (!numbers.has(one.uid)) numbers.set(one.uid, numbers.size + 1);
  const mark = `m${numbers.get(one.uid)}-`;
  const section = sectionOf(step.id);
  const card = section.querySelector("template").content.firstElementChild.cloneNode(true);
  for (const node of card.querySelectorAll("*")) {
    for (const { name, value } of [...node.attributes]) if (value.includes("@-")) node.setAttribute(name, value.replace(/@-/g, mark));
  }
  card.dataset.uid = one.uid;
  card.querySelector("details").open = on.paper;
  section.querySelector(".sv-cards").append(card);
  gather(card, one.uid);
  if (one.new && card.querySelector("[data-moved]")) {
    const [part, reason, date] = parts(card, "joined");
    part.hidden = false;
    reason.value = one.joined.reason || "";
    date.value = one.joined.on || "";
    card.querySelector('[data-do="leaving"]').textContent = on.words.unadd;
  }
  return card;
}

/** What the cards say of their members. */
export function people(asked) {
  for (const step of repeated()) {
    const cards = [...sectionOf(step.id).querySelectorAll(".sv-one")];
    for (const card of cards) person(step, card, asked);
    const here = cards.filter((card) => !card.lastElementChild.hidden);
    here.forEach((card, place) => {
      const next = card.querySelector('[data-do="person"]');
      const after = here[place + 1];
      next.hidden = !after;
      if (after) next.textContent = word("next_person", { name: nameOf(after.dataset.uid) });
    });
  }
}

export const nameOf = (uid) => on.state.who(uid).name || on.words.nameless;

function person(step, card, asked) {
  const { uid } = card.dataset;
  const one = on.state.member(uid);
  const who = on.state.who(uid);
  const paths = asked.filter((path) => path.startsWith(`${uid}/`) && on.state.field(path).step === step.id);
  card.lastElementChild.hidden = Boolean(one.left) || !paths.length;
  const gone = card.querySelector(".sv-left");
  if (gone) {
    gone.hidden = !one.left;
    if (one.left) {
      const [, reason] = parts(card, "left");
      const why = [...reason.options].find((option) => option.value === one.left.reason);
      const date = shown(card, one.left.on, on.words, { type: "date" });
      gone.firstElementChild.textContent = word("left", { name: nameOf(uid), reason: why ? why.text : "", day: date });
    }
  }
  const relation = boxes.get(pathOf(on.state.names.relation, uid));
  const kin = relation && shown(relation, who.relation, on.words, { type: "choice" });
  const about = [kin, who.age && word("age", { n: who.age }), one.new && on.words.new];
  card.querySelector("b").textContent = nameOf(uid);
  card.querySelector(".sv-m__s").textContent = about.filter(Boolean).join(" · ");
  const [text, tone] = progress(paths);
  const mark = card.querySelector(".sv-m__n");
  mark.textContent = text;
  mark.dataset.tone = tone;
  copyButton(card, step, uid);
}
