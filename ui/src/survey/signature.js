// A name drawn with finger, pen or mouse.
import { answer } from "./around.js";
import { acts, on } from "./board.js";
import { trouble } from "./keeping.js";
import { shrink } from "./shrink.js";

const INK = "#1b2333";

/** Makes the canvas of a field a pad: a moment after the pen is lifted the signature is kept. */
function pad(path, box) {
  const canvas = box.querySelector("canvas");
  const pen = canvas.getContext("2d");
  let drawn = 0; // points: a dot is no name
  let down = false;
  let timer = 0;

  const at = (event) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((event.clientX - left) * canvas.width) / width, ((event.clientY - top) * canvas.height) / height];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (on.readOnly || event.button > 0) return;
    event.preventDefault();
    clearTimeout(timer);
    canvas.setPointerCapture(event.pointerId);
    down = true;
    pen.lineWidth = 5;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = INK;
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    // A quick hand moves further between two frames than one event tells.
    for (const step of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) pen.lineTo(...at(step));
    pen.stroke();
    drawn++;
  });
  const lift = () => {
    if (down && drawn > 3) timer = setTimeout(() => canvas.toBlob(keep, "image/png"), 400);
    down = false;
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  async function keep(blob) {
    try {
      const { uid } = await on.keeper.addPhoto(on.state.draft.uid, path, await shrink(blob), "signature");
      answer(path, uid, "typed");
    } catch (error) {
      trouble(error);
    }
  }

  box.clear = () => {
    clearTimeout(timer);
    drawn = 0;
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
  };
  box.clear();
  const uid = on.state.get(path);
  if (uid) {
    Promise.resolve(on.keeper.photo(uid))
      .then(createImageBitmap)
      .then((picture) => pen.drawImage(picture, 0, 0, canvas.width, canvas.height), () => {}); // signed, but not on this device
  }
}

/** Makes the pad when there is none yet, and says whether there is a signature. */
export function paintSignature(path, box, uid) {
  if (!box.clear) pad(path, box);
  const line = box.querySelector("[data-signed]");
  line.textContent = uid ? on.words.signed : on.words.unsigned;
  line.className = uid ? "auto" : "muted";
}

Object.assign(acts, {
  unsign(path, box) {
    const uid = on.state.get(path);
    box.clear();
    answer(path, undefined, "typed");
    if (uid) on.keeper.dropPhoto(uid);
  },
});
