// Everything is kept as it is typed.
import { byId, on, word } from "./board.js";
import { events } from "./db.js";
import { make } from "./fields.js";

const WAIT = 400; // ms after a key
const AGAIN = 5000; // ms after a save that went wrong
let begun = false; // something is kept, or will be
let dirty = false;
let timer = 0;
let saving = Promise.resolve();
let since = null; // ms, since when the page has been in front

/** Adds the seconds the form has been in front to the effort. */
function count() {
  const now = performance.now();
  if (since !== null) on.state.effort.seconds += (now - since) / 1000;
  since = document.hidden ? null : now;
}

/** Save soon. */
export function later() {
  byId("saved").dataset.waits = begun = dirty = true;
  timer = timer || setTimeout(save, on.keeper.wait || WAIT);
}

/** Where the surveyor is has changed: kept with what is kept already, and no reason to begin. */
export function moved() {
  begun = begun || Boolean(on.state.draft.effort.keystrokes || on.state.draft.revision);
  if (begun) later();
}

/** Save now. Saves follow one another; what is typed meanwhile is in the next. */
export function save() {
  clearTimeout(timer);
  timer = 0;
  if (dirty && on.lease.held && !on.over) {
    dirty = false;
    count();
    const record = on.state.record(on.at);
    saving = saving.then(() => on.keeper.save(record)).then(saved, unsaved);
  }
  return saving;
}

function saved() {
  const now = new Date();
  const time = `${now.getHours()}:${String(now.getMinutes()).padStart(2, "0")}`;
  status(word(on.keeper.online ? "saved_online" : "saved", { time }), "saved");
}

function unsaved(error) {
  dirty = true;
  timer = timer || setTimeout(save, AGAIN);
  status(error.say || on.words.unsaved, "saved saved--not");
}

function status(text, look) {
  const line = byId("saved");
  if (line.textContent !== text) line.textContent = text;
  line.className = look;
  line.dataset.waits = dirty; // what was typed since waits still
}

/** One sentence above the form, and a button where something can be done about it. */
export function tell(sentence, label, act) {
  const note = byId("note");
  note.textContent = sentence;
  if (label) note.append(make("button", { type: "button", className: "btn btn--s", onclick: act }, label));
  note.hidden = false;
}

/** Something went wrong beside the typing. */
export const trouble = (error) => tell(error.say || on.words.trouble);

/** Only to look at: another window writes this draft. */
export function lock(on_) {
  on.readOnly = on_;
  byId("all").disabled = on_;
  if (!on_) return;
  tell(on.words.elsewhere, on.words.take, async () => {
    await on.lease.take();
    location.reload(); // what the other window typed last is read anew
  });
}

/** Another window writes now. */
export function lost() {
  clearTimeout(timer);
  on.lease.held = false;
  lock(true);
  byId("note").focus();
}

/** From now on time counts, and nothing is lost when the page is left. */
export function watch() {
  count();
  document.addEventListener("visibilitychange", () => {
    count();
    if (document.hidden) save();
  });
  addEventListener("pagehide", save);
  events.addEventListener("flush", ({ detail }) => detail.until(save()));
}
