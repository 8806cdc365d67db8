// What the buttons around a field do.
import { answer, paint } from "./around.js";
import { acts, boxes, on, pathFor, touched } from "./board.js";
import { focusable } from "./fields.js";
import { later } from "./keeping.js";
import { refresh } from "./steps.js";

/** 健康 stands alone: its tick takes the others away, and they take it. */
export function alone(box, ticked) {
  const single = box.querySelector("[data-alone]");
  if (!single) return;
  for (const one of box.querySelectorAll(":checked")) if (one !== ticked && (one === single || ticked === single)) one.checked = false;
}

/** A tap on the chosen tile takes the choice back: a wrong tap must not stay for ever. */
export function unchoose(radio) {
  const path = pathFor(radio);
  const box = boxes.get(path);
  if (box.dataset.on === radio.value) {
    radio.checked = false;
    radio.dispatchEvent(new Event("change", { bubbles: true }));
    box.dataset.on = "";
  } else box.dataset.on = radio.value;
}

Object.assign(acts, {
  unmask(path, box) {
    const input = box.querySelector(".in");
    input.readOnly = false;
    input.focus(); // before the button goes
    answer(path, undefined, "filled");
  },
  redo(path, box) {
    const control = focusable(box);
    control.focus();
    if (control.select) control.select();
  },
  keep(path, box) {
    on.state.keep(path, on.found);
    refresh();
    box.querySelector('[data-do="unkeep"]').focus();
    later();
  },
  unkeep(path, box) {
    delete on.state.kept[path];
    refresh();
    box.querySelector('[data-do="keep"]').focus();
    later();
  },
  all(path, box, button) {
    const card = button.closest(".sv-one");
    const section = button.closest(".sv-step");
    const step = on.definition.steps.find((one) => one.id === section.dataset.step);
    for (const each of on.state.copyable(step, card ? card.dataset.uid : "", on.found.asked)) {
      on.state.toggleSame(each);
      touched.add(each);
      paint(each);
    }
    (card ? card.querySelector("summary") : section.querySelector("h1")).focus();
    refresh();
    later();
  },
});
