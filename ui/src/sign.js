// <signature-pad>: a name drawn with finger, pen or mouse becomes the file of the form's own input; without script the input takes a photo.
const INK = "#1b2333";

class SignaturePad extends HTMLElement {
  connectedCallback() {
    this.input = this.querySelector("input[type=file]");
    this.canvas = this.querySelector("canvas");
    if (!this.input || !this.canvas || this.ready) return;
    this.ready = true;
    this.querySelector(".pad").hidden = false;
    this.state = this.querySelector("[data-state]");
    this.pen = this.canvas.getContext("2d");
    this.canvas.addEventListener("pointerdown", (event) => this.down(event));
    this.canvas.addEventListener("pointermove", (event) => this.move(event));
    for (const name of ["pointerup", "pointercancel"]) this.canvas.addEventListener(name, () => this.lift());
    this.querySelector("[data-clear]").addEventListener("click", () => this.clear());
    this.clear();
  }

  at(event) {
    const { left, top, width, height } = this.canvas.getBoundingClientRect();
    return [((event.clientX - left) * this.canvas.width) / width, ((event.clientY - top) * this.canvas.height) / height];
  }

  down(event) {
    if (event.button > 0) return;
    event.preventDefault();
    this.canvas.setPointerCapture(event.pointerId);
    this.drawing = true;
    this.pen.lineWidth = 5;
    this.pen.lineCap = this.pen.lineJoin = "round";
    this.pen.strokeStyle = INK;
    this.pen.beginPath();
    this.pen.moveTo(...this.at(event));
  }

  move(event) {
    if (!this.drawing) return;
    // A quick hand moves further between two frames than one event tells.
    for (const step of event.getCoalescedEvents ? event.getCoalescedEvents() : [event]) this.pen.lineTo(...this.at(step));
    this.pen.stroke();
    this.points++;
  }

  lift() {
    const drawn = this.drawing && this.points > 3; // a dot is no name
    this.drawing = false;
    if (drawn) this.canvas.toBlob((blob) => this.keep(blob), "image/png");
  }

  keep(blob) {
    if (!this.points) return; // wiped meanwhile
    const files = new DataTransfer();
    files.items.add(new File([blob], "signature.png", { type: "image/png" }));
    this.input.files = files.files;
    this.say(this.dataset.signed);
  }

  clear() {
    this.points = 0;
    this.pen.fillStyle = "#fff";
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
    this.input.value = "";
    this.say(this.dataset.unsigned);
  }

  say(text) {
    this.state.textContent = text;
  }
}

customElements.define("signature-pad", SignaturePad);
