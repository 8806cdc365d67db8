// Members who come and who go.
import { paint } from "./around.js";
import { acts, boxes, form, on } from "./board.js";
import { later } from "./keeping.js";
import { addCard, parts, repeated } from "./people.js";
import { day } from "./state.js";
import { refresh } from "./steps.js";

const cardsOf = (uid) => [...form().querySelectorAll(".sv-one")].filter((card) => card.dataset.uid === uid);

/** New members of whom it is not said why or since when. */
export const unsaid = () => on.state.members.filter((one) => one.new && !(one.joined.reason && one.joined.on));

/** A reason or a day of coming was chosen. */
export function moved(part) {
  if (part.dataset.moved !== "joined") return;
  const card = part.closest(".sv-one");
  const [, reason, date] = parts(card, "joined");
  on.state.member(card.dataset.uid).joined = { reason: reason.value, on: date.value };
  refresh();
  later();
}

const cardAt = (button) => button.closest(".sv-one");

Object.assign(acts, {
  add() {
    const one = on.state.add(on.ids(), { on: on.state.draft.surveyed_on });
    const [card] = repeated().map((step) => addCard(step, one));
    for (const path of boxes.keys()) if (path.startsWith(one.uid)) paint(path);
    card.querySelector("details").open = true;
    refresh();
    parts(card, "joined")[1].focus();
    later();
  },
  leaving(path, box, button) {
    const card = cardAt(button);
    const { uid } = card.dataset;
    const [part, reason, date] = parts(card, "left");
    if (on.state.member(uid).new) return forget(uid);
    part.hidden = false;
    button.hidden = true;
    date.value = on.state.draft.surveyed_on;
    return reason.focus();
  },
  cancel(path, box, button) {
    const card = cardAt(button);
    const back = card.querySelector('[data-do="leaving"]');
    parts(card, "left")[0].hidden = true;
    back.hidden = false;
    back.focus();
  },
  leave(path, box, button) {
    const card = cardAt(button);
    const [part, reason, date] = parts(card, "left");
    const wrong = !reason.value ? "need_reason" : !date.value ? "need_day" : date.value > day(new Date()) ? "not_future" : "";
    const line = part.querySelector(".err");
    line.textContent = on.words[wrong] || "";
    line.hidden = !wrong;
    if (wrong) return (reason.value ? date : reason).focus();
    on.state.member(card.dataset.uid).left = { reason: reason.value, on: date.value };
    acts.cancel(path, box, button);
    refresh();
    card.querySelector('[data-do="stay"]').focus();
    return later();
  },
  stay(path, box, button) {
    const card = cardAt(button);
    delete on.state.member(card.dataset.uid).left;
    refresh();
    card.querySelector("summary").focus();
    later();
  },
});

/** A member added by mistake goes without a word. */
function forget(uid) {
  const [card] = cardsOf(uid);
  const back = card.closest(".sv-step").querySelector('[data-do="add"]');
  on.state.forget(uid);
  for (const path of [...boxes.keys()]) if (path.startsWith(`${uid}/`)) boxes.delete(path);
  for (const each of cardsOf(uid)) each.remove();
  back.focus();
  refresh();
  later();
}
