// The page 我的调查: what is not uploaded yet, drafts, what came back, own households, this phone.
import { call, endSession, ping, Unreached } from "./survey/api.js";
import { base64, random, uuid } from "./survey/crypto.js";
import { one, put, quiet } from "./survey/db.js";
import { large } from "./survey/large.js";
import { status, sync } from "./survey/outbox.js";
import { bytesOf } from "./survey/photos.js";
import { sentence, start } from "./survey/phone.js";
import * as store from "./survey/store.js";
import { forget, lock, setPin, vault } from "./survey/vault.js";

const byId = (id) => document.getElementById(id);
const words = byId("home").dataset;
const fill = (text, values) => (text || "").replace(/\{(\w+)\}/g, (_, name) => (name in values ? values[name] : ""));

const pad = (number) => String(number).padStart(2, "0");
const moment = (time) => {
  const at = new Date(time);
  return `${at.getMonth() + 1}-${pad(at.getDate())} ${pad(at.getHours())}:${pad(at.getMinutes())}`;
};
function size(bytes) {
  if (bytes < 1048576) return `${Math.max(1, Math.round(bytes / 1024))} KB`;
  return bytes < 1073741824 ? `${(bytes / 1048576).toFixed(1)} MB` : `${(bytes / 1073741824).toFixed(1)} GB`;
}

function age(time) {
  const minutes = Math.floor((Date.now() - time) / 60000);
  if (minutes < 1) return words.now;
  if (minutes < 60) return fill(words.minutes, { n: minutes });
  return minutes < 1440 ? fill(words.hours, { n: Math.floor(minutes / 60) }) : fill(words.days, { n: Math.floor(minutes / 1440) });
}

function stamp(name) {
  return document.importNode(byId(name).content, true).firstElementChild;
}

function make(tag_, text = "", look = "") {
  const node = document.createElement(tag_);
  node.textContent = text;
  if (look) node.className = look;
  return node;
}

const part = (item, name) => item.querySelector(`[data-${name}]`);

function tag(place, word, tone) {
  place.textContent = word;
  place.className = `tag tag--${tone}`;
  place.hidden = !word;
}

/** Fill a list; what stands in it stays where nothing changed, so that no focus is lost and nothing jumps. */
function list(place, rows, draw) {
  const key = JSON.stringify(rows);
  if (place.dataset.drawn === key) return;
  place.dataset.drawn = key;
  const focus = document.activeElement && place.contains(document.activeElement) ? document.activeElement.dataset.key : "";
  place.textContent = "";
  place.append(...rows.map(draw));
  const again = focus && place.querySelector(`[data-key="${focus}"]`);
  if (again) again.focus();
}

// -- records -----------------------------------------------------------------------------------------------------------------------------

const word = (state) => "t" + state[0].toUpperCase() + state.slice(1);
const STATES = { draft: "blue", queued: "amber", sent: "amber", refused: "red", submitted: "blue", returned: "amber", approved: "green" };
const TONES = { queued: "amber", sent: "amber", refused: "red", draft: "blue", done: "green", quarantined: "amber" };

function record(row) {
  const item = stamp("t-record");
  const state = row.state || "draft";
  const name = row.householder || words.nameless;
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
  show("reopen", state === "refused" && row.again);
  show("retry", state !== "draft" && (state !== "refused" || row.again));
  item.addEventListener("click", (event) => {
    const button = event.target.closest("[data-do]");
    if (button) act(button.dataset.do, row, item).catch(fail);
  });
  return item;
}

function fail(error) {
  say(byId("trouble"), error.say || sentence("trouble"));
  byId("trouble").scrollIntoView({ block: "center" });
  if (!error.say) throw error;
}

async function act(what, row, item) {
  if (what === "look") return look(row, item);
  if (what === "save") return save(row);
  if (what === "retry") return store.retry(row.uid);
  if (what === "reopen") return go(row.form, `draft=${await store.reopen(row.uid)}`);
  if (what === "discard") return store.discard(row.uid).then(draw);
  part(item, "ask").hidden = what === "keep";
  item.querySelector(`[data-do=${what === "keep" ? "ask" : "keep"}]`).focus();
}

async function go(form, rest) {
  location.assign(await store.formUrl(form, rest));
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

/** The answers in the words of the form, read from its blank page, which this phone has. */
async function look(row, item) {
  const place = part(item, "look");
  const button = item.querySelector("[data-do=look]");
  place.hidden = !place.hidden;
  button.setAttribute("aria-expanded", String(!place.hidden));
  if (place.hidden || place.firstChild) return;
  const { body, photos, title } = await store.look(row.uid);
  const form = await blank(row.form);
  for (const { path, say: why } of row.problems || []) place.append(make("p", `${reading(form, path.split("/").pop(), "")[0]}：${why}`));
  if (!body) place.append(make("p", words.lookNone));
  const names = new Map((title.home?.members || []).map((one) => [one.uid, one.name]));
  const parts = body ? [{ values: body.answers.values }, ...(body.answers.members || [])] : [];
  for (const { uid, values } of parts) {
    if (uid) place.append(make("h3", values.name || names.get(uid) || ""));
    const pairs = make("dl", "", "dl");
    for (const [name, answer] of Object.entries(values)) {
      const [label, text] = reading(form, name, answer);
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

async function blank(form) {
  try {
    const answer = await fetch((await store.formUrl(form, "")).split("#")[0]);
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

// -- households ----------------------------------------------------------------------------------------------------------------------

function household(home) {
  const item = stamp("t-row");
  const link = item.querySelector("a");
  link.dataset.key = home.uid;
  part(item, "name").textContent = home.householder;
  const local = here.get(home.uid);
  const state = local || home.survey?.state || "";
  if (home.purpose === "verification") tag(part(item, "tag"), words.tVerification, "blue");
  const shown = home.returned && !local ? "returned" : state;
  if (shown in STATES) tag(part(item, "tag"), words[word(shown)], STATES[shown]);
  const due = home.due_on && !STATES[state] && fill(words.due, { day: home.due_on });
  const people = fill(words.members, { n: home.members.length });
  part(item, "about").textContent = [home.village, home.hamlet, people, due].filter(Boolean).join(" · ");
  const [code, version] = home.form.split("@");
  // What is finished and waits here is not begun a second time.
  link.href = ["queued", "sent", "refused"].includes(local) ? "#unsent-title" : `/collect/forms/${code}/${version}/#household=${home.uid}`;
  return item;
}

/** The same with the reasons for which it came back; each stands at its field, too. */
function returned(home) {
  const item = household(home);
  const why = Object.values(home.returned.reasons || {}).filter(Boolean);
  item.querySelector("a").append(...why.map((reason) => make("span", reason, "row__s rec__say")));
  return item;
}

function draft(row) {
  const item = record(row);
  const link = make("a", byId("drafts-title").textContent, "btn btn--s btn--p");
  const [code, version] = row.form.split("@");
  link.href = `/collect/forms/${code}/${version}/#draft=${row.uid}`;
  link.setAttribute("aria-label", `${link.textContent} ${row.householder || ""}`);
  item.querySelector("[data-do=look]").replaceWith(link);
  return item;
}

let pack = null;
let here = new Map(); // household -> state of its newest record on this phone

function drawHouseholds() {
  const wanted = byId("q").value.trim();
  const every = pack ? pack.households : [];
  const found = every.filter((home) => !wanted || home.householder.includes(wanted));
  byId("find").hidden = every.length < 2;
  byId("mine-count").textContent = every.length || "";
  list(byId("mine"), found.map((home) => ({ ...home, here: here.get(home.uid) })), household);
  const back = every.filter((home) => home.returned && !here.has(home.uid));
  list(byId("returned-list"), back, returned);
  byId("returned").hidden = !back.length;
  byId("mine-none").textContent = !pack ? words.noPack : !every.length ? words.noHouseholds : !found.length ? words.notFound : "";
  const times = pack && pack.expires_at && { at: moment(pack.issued_at), until: moment(pack.expires_at) };
  byId("fetched").textContent = times ? fill(words.fetched, times) : "";
}

// -- drawing -------------------------------------------------------------------------------------------------------------------------

function say(place, text, link) {
  place.hidden = !text;
  if (place.firstChild && place.firstChild.textContent === text) return;
  place.textContent = "";
  if (text) place.append(make("p", text));
  if (!link) return;
  const anchor = document.createElement("a");
  [anchor.href, anchor.textContent] = link;
  place.append(anchor);
}

async function draw() {
  if (vault.lock !== "open") return;
  const [drafts, unsent, sent] = [await store.draftList(), await store.unsent(), await store.receipts()];
  pack = await store.pack();
  if (vault.lock !== "open" || !vault.me) return; // locked, or somebody else's, while this was read
  here = new Map([
    ...sent.filter((row) => row.state === "done" && pack && row.done > pack.got).map((row) => [row.household, "submitted"]),
    ...unsent.map((row) => [row.household, row.state]),
    ...drafts.map((row) => [row.household, "draft"]),
  ]);
  byId("who").textContent = vault.me.name;
  list(byId("unsent-list"), unsent, record);
  byId("unsent").hidden = !unsent.length;
  byId("unsent-count").textContent = unsent.length || "";
  list(byId("draft-list"), drafts, draft);
  byId("drafts").hidden = !drafts.length;
  list(byId("sent-list"), sent, received);
  byId("sent").hidden = !sent.length;
  say(byId("others"), status.others ? fill(words.others, { n: status.others }) : "");
  drawHouseholds();
  drawDevice();
  const login = [`${byId("phone").dataset.login}?next=${encodeURIComponent(location.pathname)}`, words.signIn];
  if (status.state === "signed_out") say(byId("trouble"), words.signedOut, login);
  else say(byId("trouble"), ["trouble", "revoked"].includes(status.state) ? status.say || sentence(status.state) : "");
}

function received(row) {
  const [item, text, label] = [make("li"), make("div", "", "row"), make("span")];
  const name = make("b", `${row.householder || words.nameless} `, "row__t");
  tag(label, words[word(row.state)], TONES[row.state]);
  name.append(label);
  text.append(name, make("span", [moment(row.done), row.say].filter(Boolean).join(" · "), "row__s"));
  item.append(text);
  return item;
}

let drawing = null;
let stale = false;
/** One drawing at a time; what changed meanwhile is drawn after it. */
function redraw() {
  stale = true;
  drawing = drawing || (async () => {
    while (stale) {
      stale = false;
      await draw();
    }
  })()
    .catch(quiet)
    .finally(() => (drawing = null));
  return drawing;
}

// -- this phone -------------------------------------------------------------------------------------------------------------------------

async function drawDevice() {
  byId("device").hidden = false;
  byId("pin-ask").hidden = vault.pin || !byId("pin-set").hidden;
  byId("lock-now").hidden = !vault.pin;
  byId("pin-change").lastChild.textContent = vault.pin ? words.pinChange : words.pinSet;
  if (!navigator.storage || !navigator.storage.estimate) return;
  const { usage, quota } = await navigator.storage.estimate();
  const kept = navigator.storage.persisted && (await navigator.storage.persisted());
  const room = fill(words.storage, { used: size(usage), free: size(quota - usage) });
  byId("storage").textContent = room + (kept ? words.persisted : words.notPersisted);
}

function openPin(event) {
  byId("pin-set").hidden = false;
  byId("pin-ask").hidden = true;
  byId("pin-new").focus();
  event.preventDefault();
}

async function choosePin(event) {
  event.preventDefault();
  const [first, second] = [byId("pin-new").value, byId("pin-again").value];
  const bad = !/^\d{6}$/.test(first) || /^(\d)\1{5}$/.test(first) || first === "123456";
  byId("pin-set-say").textContent = bad ? words.pinBad : first !== second ? words.pinDiffers : "";
  if (byId("pin-set-say").textContent) return byId("pin-new").focus();
  closePin();
  await setPin(first);
  byId("device-say").textContent = words.pinSaved;
  return redraw();
}

function closePin() {
  byId("pin-set").hidden = true;
  byId("pin-set").reset();
  byId("pin-set-say").textContent = "";
  byId("pin-change").focus();
}

function askToLeave() {
  if (!status.waiting && !status.drafts) return leave();
  byId("leave-say").textContent = fill(words.leave, { n: status.waiting, m: status.drafts });
  byId("leave-ask").hidden = false;
  return byId("leave-no").focus();
}

/** Pack and key go first, so that they are gone even where the network is. */
async function leave() {
  await forget();
  await put("keep", "leave", true); // the session ends now, or as soon as the network is back
  try {
    await endSession();
    await put("keep", "leave", undefined);
  } catch (error) {
    if (!(error instanceof Unreached)) throw error;
  }
  location.assign(byId("phone").dataset.login);
}

// -- start -----------------------------------------------------------------------------------------------------------------------------

async function online() {
  byId("online-only").hidden = false;
  const hello = await ping();
  if (hello.status >= 300) return location.assign(`${byId("phone").dataset.login}?next=${encodeURIComponent(location.pathname)}`);
  const { user } = hello.data;
  byId("who").textContent = user.name;
  // The list goes to registered phones only; this one keeps nothing but its number, and its key is never used.
  const row = `online:${user.username}`;
  const known = self.indexedDB && (await one("keep", row));
  const device = known || uuid();
  const made = known ? null : await call("POST", "devices/", { device, label: navigator.userAgent.slice(0, 60), key: base64(random(32)) });
  const answer = !made || made.status < 300 ? await call("POST", "pack/", { device }) : made;
  if (answer.status >= 300) return say(byId("trouble"), answer.data.say);
  if (self.indexedDB) await put("keep", row, device);
  pack = answer.data;
  return drawHouseholds();
}

async function main() {
  large();
  byId("q").addEventListener("input", drawHouseholds);
  byId("find").addEventListener("submit", (event) => event.preventDefault());
  const keeper = await start();
  if (!keeper) return online().catch(() => say(byId("trouble"), sentence("unreachable")));
  byId("not-offline").hidden = "serviceWorker" in navigator;
  byId("send").addEventListener("click", () => sync());
  byId("refresh").addEventListener("click", async () => {
    const done = await sync({ fresh: true });
    const failed = done.state === "offline" ? sentence("unreachable") : done.say;
    byId("device-say").textContent = done.state === "done" ? words.refreshed : failed;
  });
  document.querySelectorAll("[data-go=pin-set]").forEach((button) => button.addEventListener("click", openPin));
  byId("pin-set").addEventListener("submit", choosePin);
  byId("pin-not").addEventListener("click", closePin);
  byId("lock-now").addEventListener("click", lock);
  byId("leave").addEventListener("click", askToLeave);
  byId("leave-yes").addEventListener("click", leave);
  byId("leave-no").addEventListener("click", () => {
    byId("leave-ask").hidden = true;
    byId("leave").focus();
  });
  for (const name of ["sync", "changed", "pack", "locked"]) store.events.addEventListener(name, redraw);
  await store.sweep();
  await redraw();
  if (location.hash === "#unsent" && !byId("unsent").hidden) byId("unsent").scrollIntoView();
}

main().catch(quiet);
