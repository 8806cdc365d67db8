// A name drawn with finger, pen or mouse.

/** Makes a canvas a pad. `done(Blob)` is called a moment after the pen was lifted. Answers {clear(), show(Blob), off(boolean)}. */
export function pad(canvas, done) {
  const pen = canvas.getContext("2d");
  let down = false;
  let ink = 0; // points drawn: a dot is no name
  let timer = 0;
  let off = false;

  function clear() {
    clearTimeout(timer);
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, canvas.width, canvas.height);
    ink = 0;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * canvas.width) / box.width, ((event.clientY - box.top) * canvas.height) / box.height];
  }

  canvas.addEventListener("pointerdown", (event) => {
    if (off || event.button > 0) return;
    event.preventDefault();
    clearTimeout(timer);
    if (canvas.setPointerCapture) canvas.setPointerCapture(event.pointerId);
    down = true;
    pen.lineWidth = 5;
    pen.lineCap = pen.lineJoin = "round";
    pen.strokeStyle = "#1b2333";
    pen.beginPath();
    pen.moveTo(...at(event));
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!down) return;
    // A quick hand moves further between two frames than one event tells.
    const steps = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
    for (const step of steps.length ? steps : [event]) pen.lineTo(...at(step));
    pen.stroke();
    ink++;
  });
  for (const end of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(end, () => {
      if (!down) return;
      down = false;
      clearTimeout(timer);
      if (ink > 3) timer = setTimeout(() => canvas.toBlob((blob) => done(blob), "image/png"), 400);
    });
  }
  clear();
  return {
    clear,
    off: (now) => (off = now),
    async show(blob) {
      const picture = await createImageBitmap(blob);
      pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
      ink = 9;
    },
  };
}
