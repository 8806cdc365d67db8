// Photos of a field: choosing, looking, removing.
import { answer, wrong } from "./around.js";
import { acts, boxes, on, word } from "./board.js";
import { make } from "./fields.js";
import { save } from "./keeping.js";
import { shrink } from "./shrink.js";
import { thumbnail } from "./thumbnail.js";

const most = (path) => on.state.field(path).most;
const have = (path) => on.state.get(path) || [];

/** Draws the photos of a field. */
export function paintPhotos(path, box, uids = []) {
  const list = box.querySelector(".sv-photos");
  const there = new Map([...list.children].map((item) => [item.dataset.uid, item]));
  for (const [uid, item] of there) if (!uids.includes(uid)) item.remove();
  list.hidden = !uids.length;
  box.querySelector("[data-count]").textContent = uids.length ? word("photo_count", { n: uids.length, most: most(path) }) : "";
  box.querySelector(".sv-pick").hidden = uids.length >= most(path);
  for (const uid of uids) {
    if (there.has(uid)) continue;
    const button = make("button", { type: "button", className: "sv-drop", "data-do": "drop", "aria-label": on.words.photo_drop }, "×");
    const item = make("li", {}, button);
    item.dataset.uid = uid;
    list.append(item);
    Promise.resolve(on.keeper.photo(uid))
      .then((blob) => thumbnail(blob))
      .catch(() => make("span", { className: "sv-nothumb" }, on.words.photo_gone))
      .then((picture) => item.prepend(picture));
  }
}

/** Files were chosen. */
export async function choose(path, input) {
  const files = [...input.files];
  const box = boxes.get(path);
  let trouble = "";
  input.value = "";
  for (const file of files) {
    if (have(path).length >= most(path)) break;
    try {
      const { uid } = await on.keeper.addPhoto(on.state.draft.uid, path, await shrink(file), "photo");
      answer(path, [...have(path), uid], "typed");
    } catch (error) {
      trouble = error.say || on.words[error.code] || on.words.not_a_photo;
    }
  }
  if (trouble) wrong(path, box, trouble);
  (box.querySelector(".sv-pick:not([hidden]) input") || box.querySelector(".sv-drop")).focus();
}

Object.assign(acts, {
  async drop(path, box, button) {
    const { uid } = button.parentNode.dataset;
    answer(path, have(path).filter((one) => one !== uid), "typed");
    (box.querySelector(".sv-drop") || box.querySelector(".sv-file")).focus();
    await save(); // an answer that names it no more first
    await on.keeper.dropPhoto(uid);
  },
});
