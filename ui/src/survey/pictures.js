// Photos of a field: choosing, looking, removing. Drawn on canvases, because the page's policy lets no address of a blob be an image.
import { make, say } from "./fields.js";

const SIDE = 176; // pixels of a thumbnail, drawn at half the size

async function thumbnail(blob) {
  const canvas = make("canvas", { width: SIDE, height: SIDE, "aria-hidden": "true" });
  const picture = await createImageBitmap(blob);
  const side = Math.min(picture.width, picture.height);
  const [x, y] = [(picture.width - side) / 2, (picture.height - side) / 2];
  canvas.getContext("2d").drawImage(picture, x, y, side, side, 0, 0, SIDE, SIDE);
  picture.close();
  return canvas;
}

/** Draws the photos of a field. `uids` of its answer; `drop(uid)` removes one; `most` how many there may be. */
export async function paintPhotos(box, uids, { keeper, words, most, drop }) {
  const list = box.querySelector("[data-photos]");
  const there = new Map([...list.children].map((item) => [item.dataset.uid, item]));
  for (const [uid, item] of there) if (!uids.includes(uid)) item.remove();
  list.hidden = !uids.length;
  box.querySelector("[data-count]").textContent = uids.length ? say(words.photo_count, { n: uids.length, most }) : "";
  box.querySelector(".sv-pick").hidden = uids.length >= most;
  uids.forEach((uid, place) => {
    if (there.has(uid)) return;
    const button = make("button", { type: "button", className: "sv-drop", "aria-label": say(words.photo_drop, { n: place + 1 }) }, "×");
    button.addEventListener("click", () => drop(uid));
    const item = make("li", {}, button);
    item.dataset.uid = uid;
    list.append(item);
    Promise.resolve(keeper.photo(uid))
      .then((blob) => (blob ? thumbnail(blob) : Promise.reject()))
      .then((canvas) => item.prepend(canvas))
      .catch(() => item.prepend(make("span", { className: "sv-nothumb" }, words.photo_gone)));
  });
}
