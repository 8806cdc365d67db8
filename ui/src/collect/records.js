// Records on this phone, drafts and what is on its way: seen, sent again, opened again, taken along, thrown away.
import { bytesOf } from "../survey/photos.js";
import { sentence } from "../survey/phone.js";
import * as store from "../survey/store.js";
import { of } from "./kinds.js";
import { age, byId, fill, make, part, say, size, stamp, tag, words } from "./page.js";

export const word = (state) => "t" + state[0].toUpperCase() + state.slice(1);
export const STATES = {
  draft: "blue", queued: "amber", sent: "amber", refused: "red", submitted: "blue", returned: "amber", approved: "green",
};
export const TONES = { queued: "amber", sent: "amber", refused: "red", draft: "blue", done: "green", quarantined: "amber" };

export function record(row) {
  const item = stamp("t-record");
  const state = row.state || "draft";
  const name = of(row).name(row);
  part(item, "name").textContent = name;
  tag(part(item, "tag"), words[word(state)], TONES[state]);
  const about = { village: row.village || "", size: size(row.size), age: age(row.made || row.updated) };
  part(item, "about").textContent = fill(words.about, about);
  const left = state === "sent" && fill(words.photosLeft, { n: row.missing.length });
  const said = [row.say, left, row.lost && fill(words.photosLost, { n: row.lost })];
  part(item, "say").textContent = said.filter(Boolean).join(" ");
  part(item, "say").hidden = !part(item, "say").textContent;
  part(item, "ask-say").id = `ask-${row.uid}`;
  part(item, "ask").setAttribute("aria-labelledby", `ask-${row.uid}`);
  const count = state === "sent" ? row.missing.length : Array.isArray(row.photos) ? row.photos.length : row.photos;
  part(item, "ask-say").textContent = fill(words[state === "draft" ? "askDraft" : state === "sent" ? "askSent" : "askOp"], { n: count });
  for (const button of item.querySelectorAll("[data-do]")) {
    button.dataset.key = row.uid + button.dataset.do;
    if (button.dataset.do !== "keep" && button.dataset.do !== "discard") button.setAttribute("aria-label", `${button.textContent} ${name}`);
  }
  const show = (name_, on) => (item.querySelector(`[data-do=${name_}]`).hidden = !on);
  show("reopen", row.again && of(row).mends(state));
  show("retry", state !== "draft" && (state !== "refused" || row.again));
  item.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do, row, item).catch(fail);
  });
  return item;
}

export function fail(error) {
  say(byId("trouble"), error.say || sentence("trouble"));
  byId("trouble").scrollIntoView({ block: "center" });
  if (!error.say) throw error;
}

async function act(what, row, item) {
  if (what === "look") return look(row, item);
  if (what === "save") return save(row);
  if (what === "retry") return store.retry(row.uid);
  if (what === "reopen") return location.assign(await of(row).address(row, `draft=${await store.reopen(row.uid)}`));
  if (what === "discard") return store.discard(row.uid);
  part(item, "ask").hidden = what === "keep";
  item.querySelector(`[data-do=${what === "keep" ? "ask" : "keep"}]`).focus();
}

async function save(row) {
  const { name, blob } = await store.exportRecord(row.uid);
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

/** What stands in it, in the words of the page it was written on, read from that blank page, which this phone has. */
async function look(row, item) {
  const place = part(item, "look");
  const button = item.querySelector("[data-do=look]");
  place.hidden = !place.hidden;
  button.setAttribute("aria-expanded", String(!place.hidden));
  if (place.hidden || place.firstChild) return;
  const { body, photos, title } = await store.look(row.uid);
  const page = await blank(row);
  for (const { path, say: why } of row.problems || []) place.append(make("p", `${reading(page, path.split("/").pop(), "")[0]}：${why}`));
  if (!body) place.append(make("p", words.lookNone));
  for (const { title: heading, values } of body ? of(row).parts(body, title) : []) {
    if (heading) place.append(make("h3", heading));
    const pairs = make("dl", "", "dl");
    for (const [name, answer] of Object.entries(values)) {
      const [label, text] = reading(page, name, answer);
      pairs.append(make("dt", label), make("dd", text));
    }
    place.append(pairs);
  }
  for (const { uid } of photos) {
    const bytes = await bytesOf(uid);
    if (!bytes) continue;
    const picture = make("img", "", "rec__photo");
    picture.alt = "";
    picture.src = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
    picture.addEventListener("load", () => URL.revokeObjectURL(picture.src));
    place.append(picture);
  }
}

async function blank(row) {
  try {
    const answer = await fetch((await of(row).address(row, "")).split("#")[0]);
    return new DOMParser().parseFromString(await answer.text(), "text/html");
  } catch {
    return document.implementation.createHTMLDocument("");
  }
}

/** [label, answer in words] of a field. */
function reading(form, name, answer) {
  const inside = [form, ...[...form.querySelectorAll("template")].map((one) => one.content)];
  const field = inside.map((one) => one.querySelector(`[data-f="${name}"]`)).find(Boolean);
  const head = field && field.querySelector("legend, label, .lab");
  const word = (value) => {
    const option = field && [...field.querySelectorAll("option, input[value]")].find((one) => one.value === String(value));
    if (!option) return String(value);
    return option.tagName === "OPTION" ? option.textContent : option.parentNode.textContent.trim();
  };
  const photo = field && /^(photo|signature)$/.test(field.dataset.t);
  return [head ? head.textContent : name, photo ? String([].concat(answer).length) : [].concat(answer).map(word).join("、")];
}
