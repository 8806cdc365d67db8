// Keyboard entry of paper sheets: everything on one page, Enter goes on, a number or first letters choose, = is "as last year".
import { focusable } from "./fields.js";

const WAIT = 900; // ms between two signs of one number

/** Which of `choices` [{number, keys}] is meant by what was typed: [place, whether more could follow]; [-1, …] for none. Pure. */
export function meant(choices, typed) {
  const text = typed.toLowerCase();
  const begins = (one) => one.number.startsWith(text) || one.keys.split(" ").some((key) => key && key.startsWith(text));
  const exact = choices.findIndex((one) => one.number === text || one.keys.split(" ").includes(text));
  const first = choices.findIndex(begins);
  const longer = choices.filter((one, place) => place !== exact && begins(one)).length > 0;
  return [exact < 0 ? first : exact, longer];
}

/** Turns a wizard into the form for paper sheets. */
export function keyboard(wizard) {
  document.body.classList.add("keys");
  let typed = "";
  let timer = 0;

  const options = (target) => {
    if (target.matches("select")) return [...target.options].filter((one) => one.value);
    const group = target.closest(".choices");
    return group ? [...group.querySelectorAll("input")] : [];
  };

  function choose(target, key) {
    const list = options(target);
    clearTimeout(timer);
    timer = setTimeout(() => (typed = ""), WAIT);
    const choices = list.map((one) => ({ number: one.dataset.n || "", keys: one.dataset.k || "" }));
    let [place] = meant(choices, typed + key);
    typed = place < 0 ? key : typed + key;
    if (place < 0) [place] = meant(choices, typed);
    if (place < 0) return;
    const one = list[place];
    if (target.matches("select")) {
      target.value = one.value;
      target.dispatchEvent(new Event("input", { bubbles: true }));
      target.dispatchEvent(new Event("change", { bubbles: true }));
    } else if (one.type === "radio") {
      if (!one.checked) one.click();
      one.focus();
    } else {
      one.click(); // a second time takes the tick away
      one.focus();
    }
  }

  /** Fields as they stand on the sheet: one stop for each. */
  function stops() {
    const boxes = [...wizard.form.querySelectorAll("[data-f]:not([hidden]), [data-joined]:not([hidden]) .field, .sv-on")].filter((one) => one.offsetParent);
    return boxes.map((box) => focusable(box)).filter((one) => one && !one.disabled);
  }

  function after(box, by = 1) {
    const all = stops();
    const here = all.findIndex((one) => box.contains(one));
    const next = all[here + by];
    if (next) {
      next.focus();
      if (next.select) next.select();
    } else if (by > 0) document.getElementById("next").focus();
  }

  wizard.keys = { after };
  wizard.form.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.isComposing || event.altKey || event.metaKey || event.ctrlKey) return;
    const box = target.closest("[data-f], .field");
    if (!box || target.matches("button, summary")) return;
    if (key === "Enter" && !target.matches("textarea")) {
      event.preventDefault();
      // Leaving the field by Enter asks its question first, as leaving it by Tab does.
      if (target.matches("input.in") && event.shiftKey === false) target.dispatchEvent(new Event("change", { bubbles: true }));
      const question = box.querySelector("[data-keep]");
      if (question && !event.shiftKey) question.focus();
      else after(box, event.shiftKey ? -1 : 1);
      return;
    }
    if (key === "=" && box.dataset.path && wizard.state.last[box.dataset.path] !== undefined) {
      event.preventDefault();
      if (!wizard.state.same.has(box.dataset.path)) wizard.sameAgain(box.dataset.path);
      return;
    }
    if (target.matches("select, .choice input")) {
      wizard.state.effort.keystrokes += /^[a-z0-9]$/i.test(key) ? 1 : 0;
      if (/^[a-z0-9]$/i.test(key)) {
        event.preventDefault();
        choose(target, key);
      } else if (key === "Backspace" || key === "Delete") {
        event.preventDefault();
        const chosen = target.matches("select") ? target : box.querySelector("input[type=radio]:checked");
        if (chosen && chosen.matches("select")) chosen.value = "";
        else if (chosen) chosen.checked = false;
        if (chosen) chosen.dispatchEvent(new Event("change", { bubbles: true }));
      }
    }
  });
}
