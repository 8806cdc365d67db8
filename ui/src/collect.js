// The page 我的调查: what is not uploaded yet, drafts, what came back, own households, this phone.
import { of, VISITS } from "./collect/kinds.js";
import { byId, fill, list, make, moment, part, say, size, stamp, tag, told, words } from "./collect/page.js";
import { record, STATES, TONES, word } from "./collect/records.js";
import { call, endSession, ping, Unreached } from "./survey/api.js";
import { base64, random, uuid } from "./survey/crypto.js";
import { day } from "./survey/day.js";
import { one, put, quiet } from "./survey/db.js";
import { large } from "./survey/large.js";
import { status, sync } from "./survey/outbox.js";
import { sentence, start } from "./survey/phone.js";
import * as store from "./survey/store.js";
import { forget, lock, setPin, vault } from "./survey/vault.js";
import { facts, order } from "./visit/due.js";

// -- households ----------------------------------------------------------------------------------------------------------------------

/** A household: what is due there and why, its survey, and the way to both. */
function household(home) {
  const item = stamp("t-row");
  const local = here.get(home.uid);
  const state = local || home.survey?.state || "";
  part(item, "name").textContent = home.householder;
  if (home.purpose === "verification") tag(part(item, "tag"), words.tVerification, "blue");
  const shown = home.returned && !local ? "returned" : state;
  if (shown in STATES) tag(part(item, "tag"), words[word(shown)], STATES[shown]);
  const { text, why, late } = facts(home, day(new Date()), told);
  const people = home.members.length ? fill(words.members, { n: home.members.length }) : "";
  part(item, "about").textContent = [text, people].filter(Boolean).join(" · ");
  part(item, "about").classList.toggle("due", late);
  const { tasks, requests, missing } = home.visit || {};
  const due = home.form && home.due_on && !STATES[state] && fill(words.due, { day: home.due_on });
  const open = [tasks && fill(told.tasks, { n: tasks }), requests && fill(told.requests, { n: requests })];
  const more = [why, seen.has(home.uid) && told.seen_here, due, ...open, missing && fill(told.missing, { n: missing })];
  part(item, "more").textContent = more.filter(Boolean).join(" · ");
  const [visit, survey] = item.querySelectorAll("a");
  visit.hidden = !told.visit;
  visit.lastChild.textContent = told.visit || "";
  ways(visit, home, `/collect/visit/#household=${home.uid}`);
  survey.hidden = !home.form;
  const [code, version] = home.form.split("@");
  // What is finished and waits here is not begun a second time.
  const waits = ["queued", "sent", "refused"].includes(local);
  ways(survey, home, waits ? "#unsent-title" : `/collect/forms/${code}/${version}/#household=${home.uid}`);
  return item;
}

function ways(link, { uid, householder }, address) {
  link.href = address;
  link.dataset.key = uid + link.dataset.way;
  link.setAttribute("aria-label", `${link.textContent.trim()} ${householder}`);
}

/** The same with the reasons for which it came back; each stands at its field, too. */
function returned(home) {
  const item = household(home);
  const why = Object.values(home.returned.reasons || {}).filter(Boolean);
  part(item, "more").after(...why.map((reason) => make("span", reason, "row__s rec__say")));
  item.querySelector("a").remove();
  return item;
}

function draft(row) {
  const item = record(row);
  const link = make("a", byId("drafts-title").textContent, "btn btn--s btn--p");
  of(row).address(row, `draft=${row.uid}`).then((address) => (link.href = address));
  link.setAttribute("aria-label", `${link.textContent} ${of(row).name(row)}`);
  item.querySelector("[data-do=look]").replaceWith(link);
  return item;
}

let pack = null;
let here = new Map(); // household -> state of its newest survey on this phone
let seen = new Set(); // households with a visit that only this phone knows

function drawHouseholds() {
  const wanted = byId("q").value.trim();
  const every = order(pack ? pack.households : [], day(new Date()));
  const found = every.filter((home) => !wanted || home.householder.includes(wanted));
  byId("find").hidden = every.length < 2;
  byId("mine-count").textContent = every.length || "";
  list(byId("mine"), found.map((home) => ({ ...home, here: here.get(home.uid), seen: seen.has(home.uid) })), household);
  const due = every.map((home) => home.visit?.due?.on).filter(Boolean);
  const late = due.filter((on) => on < day(new Date())).length;
  byId("due-say").textContent = due.length ? fill(told.due_say, { late, due: due.length - late }) : "";
  const back = every.filter((home) => home.returned && !here.has(home.uid));
  list(byId("returned-list"), back, returned);
  byId("returned").hidden = !back.length;
  byId("mine-none").textContent = !pack ? words.noPack : !every.length ? words.noHouseholds : !found.length ? words.notFound : "";
  const times = pack && pack.expires_at && { at: moment(pack.issued_at), until: moment(pack.expires_at) };
  byId("fetched").textContent = times ? fill(words.fetched, times) : "";
}

// -- drawing -------------------------------------------------------------------------------------------------------------------------

async function draw() {
  if (vault.lock !== "open") return;
  const [drafts, unsent, sent] = [await store.draftList(), await store.unsent(), await store.receipts()];
  pack = await store.pack();
  if (vault.lock !== "open" || !vault.me) return; // locked, or somebody else's, while this was read
  const isVisit = (row) => row.kind === VISITS;
  const since = sent.filter((row) => row.state === "done" && pack && row.done > pack.got);
  here = new Map([
    ...since.map((row) => [row, "submitted"]), ...unsent.map((row) => [row, row.state]), ...drafts.map((row) => [row, "draft"]),
  ].filter(([row]) => !isVisit(row)).map(([row, state]) => [row.household, state]));
  seen = new Set([...since, ...unsent].filter(isVisit).map((row) => row.household));
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
  const name = make("b", `${of(row).name(row)} `, "row__t");
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
