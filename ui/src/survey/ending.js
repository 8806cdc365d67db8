// The end: check once more, hand over, say so.
import { wrong } from "./around.js";
import { boxes, byId, form, on, word } from "./board.js";
import { blocks } from "./checkpage.js";
import { make } from "./fields.js";
import { save, trouble } from "./keeping.js";
import { CHECK, show } from "./steps.js";

/** The button 「完成并提交」. */
export async function end() {
  show(CHECK, "", false);
  const [stop] = blocks();
  if (stop) return byId("check-err").focus();
  const button = byId("next");
  button.disabled = true;
  await save();
  try {
    await on.keeper.finish(on.state.body());
  } catch (refused) {
    button.disabled = false;
    trouble(refused);
    byId("note").focus();
    for (const { path, say } of refused.problems || []) if (boxes.has(path)) wrong(path, boxes.get(path), say);
    return null;
  }
  on.over = true;
  on.lease.release();
  return done();
}

function done() {
  const next = on.paper ? `/surveys/key-in/?done=${on.state.draft.uid}` : byId("phone").dataset.home;
  const text = byId("gate-text");
  form().hidden = byId("wz").hidden = byId("note").hidden = byId("mode").hidden = true;
  byId("gate-title").textContent = word("done_title", { name: (on.entry || {}).householder || "" });
  text.textContent = "";
  text.append(
    make("p", { className: "note note--ok" }, on.keeper.online ? on.words.done_online : on.words.done_phone),
    make("a", { className: "btn btn--p sv-after", href: next }, on.paper ? on.words.next_sheet : on.words.home),
  );
  byId("gate").hidden = false;
  byId("gate-title").focus();
  scrollTo(0, 0);
  if (on.paper) location.assign(next);
}

