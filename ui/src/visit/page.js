// The visit log on the screen: one page, a few taps and a sentence. What is written is kept as in the survey form (survey/keeping.js).
import { byId, on, word } from "../survey/board.js";
import { day } from "../survey/day.js";
import { make } from "../survey/fields.js";
import { later, lock, save, tell, trouble, watch } from "../survey/keeping.js";
import { shrink } from "../survey/shrink.js";
import { thumbnail } from "../survey/thumbnail.js";
import { facts, spoken } from "./due.js";
import { bodyOf, chipOf, coarse, missing, MOST_PHOTOS, nextOn, toggle } from "./visit.js";

const today = () => day(new Date());
const fieldOf = (name) => byId("visit").querySelector(`[data-f=${name}]`);
const boxes = (name) => [...fieldOf(name).querySelectorAll("input[type=checkbox], input[type=radio]")];
let draft;

/** Fill the blank page and wake it. */
export function open({ home, keeper, lease, ...given }) {
  draft = given.draft;
  const state = { draft, effort: { seconds: 0 }, record: () => ({ ...draft }) };
  Object.assign(on, { home, keeper, lease, state });
  const { text, why } = facts(home, today(), on.words);
  byId("sub").textContent = text;
  byId("why").textContent = why;
  byId("day").max = today();
  byId("day").value = draft.on;
  for (const name of ["met", "seen"]) for (const box of boxes(name)) box.checked = draft[name].includes(box.value);
  byId("text").value = draft.text;
  byId("asked").value = draft.asked;
  for (const box of boxes("manner")) box.checked = box.value === draft.manner;
  const chip = chipOf(draft.on, draft.next_on);
  for (const box of boxes("next_on")) box.checked = box.value === chip;
  byId("next").value = draft.next_on || "";
  for (const name of ["asked", "next"]) byId(name).setAttribute("aria-describedby", `${name}-err`);
  showAsked(Boolean(draft.asked));
  paintManner();
  paintNext();
  paintPlace();
  paintPhotos();
  listen();
  watch();
  byId("gate").hidden = true;
  byId("wz").hidden = byId("visit").hidden = false;
  lock(!lease.held);
  if (lease.held && draft.refused) tell(word("refused", { why: draft.refused }));
}

function listen() {
  const form = byId("visit");
  form.addEventListener("input", ({ target }) => {
    if (target.id === "text" || target.id === "asked") {
      draft[target.id] = target.value;
      wrong(target.id, "");
      later();
    }
  });
  form.addEventListener("change", ({ target }) => changed(target));
  form.addEventListener("click", ({ target }) => {
    const button = target.closest("[data-do]");
    if (button) acts[button.dataset.do](button);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    finish();
  });
}

function changed(target) {
  const { name, value, checked, id } = target;
  if (target.type === "file") return addPhotos(target);
  if (name === "met" || name === "seen") {
    draft[name] = toggle(draft[name], value, checked);
    for (const box of boxes(name)) box.checked = draft[name].includes(box.value);
    wrong(name, "");
  } else if (name === "manner") {
    draft.manner = value;
    paintManner();
  } else if (name === "next") {
    draft.next_on = nextOn(value, draft.on) || (value === "own" ? byId("next").value || null : null);
    paintNext();
    wrong("next_on", "");
    if (value === "own") byId("next").focus();
  } else if (id === "next") {
    draft.next_on = value || null;
    wrong("next_on", "");
  } else if (id === "day") {
    draft.on = value;
    const [chip] = boxes("next_on").filter((box) => box.checked);
    if (chip && value && nextOn(chip.value, value)) draft.next_on = nextOn(chip.value, value);
    paintNext();
    wrong("on", "");
  }
  return later();
}

// -- drawing ---------------------------------------------------------------------------------------------------------------------------

/** A call is a call: whom one spoke to, what one heard, no place. */
function paintManner() {
  const call = draft.manner === "call";
  byId("title").textContent = word(call ? "title_call" : "title_visit", { name: on.home.householder || "" });
  fieldOf("met").querySelector(".lab").textContent = on.words[call ? "met_call" : "met_visit"];
  fieldOf("seen").querySelector(".lab").textContent = on.words[call ? "seen_call" : "seen_visit"];
  fieldOf("met").querySelector("[value=nobody] + label").textContent = on.words[call ? "nobody_call" : "nobody_visit"];
  fieldOf("place").hidden = call;
}

function paintNext() {
  const chip = boxes("next_on").find((box) => box.checked);
  const own = Boolean(chip && chip.value === "own");
  byId("next").hidden = byId("next-label").hidden = !own;
  byId("next").min = draft.on;
  byId("next-day").textContent = !own && draft.next_on ? spoken(draft.next_on, on.words) : "";
}

function paintPlace(trouble_ = "") {
  const { place } = draft;
  byId("place-say").textContent = trouble_ || (place ? word("place_kept") : "");
  byId("place-take").hidden = Boolean(place);
  byId("place-drop").hidden = !place;
}

function showAsked(open_) {
  byId("asked-box").hidden = !open_;
  const button = byId("visit").querySelector("[data-do=ask]");
  button.setAttribute("aria-expanded", String(open_));
}

/** What is wrong stands at its field, in red, and goes with the next answer. */
function wrong(name, sentence) {
  const field = fieldOf(name);
  const line = field.querySelector(".err");
  if (line.textContent !== sentence) line.textContent = sentence;
  line.hidden = !sentence;
  field.classList.toggle("field--err", Boolean(sentence));
}

// -- photos ----------------------------------------------------------------------------------------------------------------------------

function paintPhotos() {
  const field = fieldOf("photos");
  const list = field.querySelector(".sv-photos");
  const there = new Map([...list.children].map((item) => [item.dataset.uid, item]));
  for (const [uid, item] of there) if (!draft.photos.includes(uid)) item.remove();
  list.hidden = !draft.photos.length;
  const count = { n: draft.photos.length, most: MOST_PHOTOS };
  field.querySelector("[data-count]").textContent = count.n ? word("photo_count", count) : "";
  field.querySelector(".sv-pick").hidden = draft.photos.length >= MOST_PHOTOS;
  for (const uid of draft.photos.filter((one) => !there.has(one))) {
    const drop = make("button", { type: "button", className: "sv-drop", "data-do": "drop", "aria-label": on.words.photo_drop }, "×");
    const item = make("li", {}, drop);
    item.dataset.uid = uid;
    list.append(item);
    on.keeper.photo(uid)
      .then((blob) => thumbnail(blob))
      .catch(() => make("span", { className: "sv-nothumb" }, on.words.photo_gone))
      .then((picture) => item.prepend(picture));
  }
}

/** One after the other; what was written is on the disk before a large picture is opened. */
async function addPhotos(input) {
  const files = [...input.files];
  let sentence = files.length + draft.photos.length > MOST_PHOTOS ? word("photo_most", { most: MOST_PHOTOS }) : "";
  input.value = "";
  wrong("photos", "");
  await save();
  for (const file of files) {
    if (draft.photos.length >= MOST_PHOTOS) break;
    try {
      const { uid } = await on.keeper.addPhoto(draft.uid, "visit_photo", await shrink(file), "photo");
      draft.photos.push(uid);
      later();
    } catch (error) {
      sentence = error.say || word(error.code in on.words ? error.code : "not_a_photo", { mb: Math.round(file.size / 1048576) });
    }
  }
  wrong("photos", sentence);
  paintPhotos();
  focusPhotos();
}

const focusPhotos = () => fieldOf("photos").querySelector(".sv-pick:not([hidden]) input, .sv-drop").focus();

// -- what buttons do -------------------------------------------------------------------------------------------------------------------

const acts = {
  ask(button) {
    const closed = button.getAttribute("aria-expanded") !== "true";
    showAsked(closed);
    if (closed) byId("asked").focus();
    else if (draft.asked) {
      draft.asked = byId("asked").value = "";
      later();
    }
  },
  async drop(button) {
    const { uid } = button.parentNode.dataset;
    draft.photos = draft.photos.filter((one) => one !== uid);
    paintPhotos();
    focusPhotos();
    later();
    await save(); // a draft that names it no more first
    await on.keeper.dropPhoto(uid);
  },
  place(button) {
    if (!navigator.geolocation) return paintPlace(word("place_none"));
    button.disabled = true;
    byId("place-say").textContent = word("place_asking");
    const over = (say) => {
      button.disabled = false;
      paintPlace(say);
    };
    // Once, and as coarse as the phone can: nobody is followed.
    return navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        draft.place = coarse(coords);
        later();
        over("");
        byId("place-drop").focus();
      },
      () => over(word("place_none")),
      { enableHighAccuracy: false, timeout: 15000, maximumAge: 600000 },
    );
  },
  unplace() {
    draft.place = null;
    paintPlace();
    byId("place-take").focus();
    later();
  },
};

async function finish() {
  const found = missing(draft, today());
  for (const name of ["on", "met", "text", "next_on"]) wrong(name, found.includes(name) ? on.words[`no_${name}`] : "");
  if (found.length) {
    const first = fieldOf(found[0]);
    const control = first.querySelector("input[type=checkbox], textarea, input[type=date]:not([hidden]), input");
    control.focus();
    return control.scrollIntoView({ block: "center" });
  }
  const button = byId("save");
  button.disabled = true;
  later();
  try {
    await save();
    await on.keeper.finish(bodyOf(draft));
  } catch (error) {
    button.disabled = false;
    trouble(error);
    return byId("note").focus();
  }
  on.over = true;
  return done();
}

function done() {
  const text = byId("gate-text");
  byId("visit").hidden = byId("wz").hidden = byId("note").hidden = true;
  byId("gate-title").textContent = word(draft.manner === "call" ? "done_call" : "done_visit", { name: on.home.householder || "" });
  text.textContent = "";
  text.append(
    make("p", { className: "note note--ok" }, word("done"), draft.asked.trim() ? ` ${word("done_asked")}` : ""),
    make("a", { className: "btn btn--p sv-after", href: byId("phone").dataset.home }, on.words.home),
  );
  byId("gate").hidden = false;
  byId("gate-title").focus();
  scrollTo(0, 0);
}
