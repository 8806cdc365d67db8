// What a form page knows of the phone: drafts, photos, the outbox and the pack (docs/surveys.md, "On the phone").
//
//   await open()                                     who, whether the key is open, whether anything is kept on this phone
//   const draft = await begin({household, form})     or the draft of this household that is there already
//   const {draft, mine} = await load(uid)            mine false: another tab writes it; `take(uid)` goes on here
//   await save(draft)                                on the disk when it resolves; call at most half a second after a key
//   await finish(draft)                              one transaction: into the outbox, out of the drafts; answers the operation's uid
//
// `events` (an EventTarget) tells: "sync" {state, waiting, drafts, photos, others, say, at}; "saved" {uid, at} or {uid, code};
// "flush" {until}: save now, and hand the promise to `until`; "locked" {lock}; "lease" {uid, mine, free}; "changed" (lists are out of
// date); "pack"; "reload" (the page is too old for the database).
// Errors have a `code`: locked, taken (another tab), gone (finished or discarded elsewhere), full (no room), reload, unreached.
//
// A draft: {uid, household, home (its entry in the pack), form, year, purpose, channel, revision, began_at, surveyed_on, answers, base,
// same, kept, effort, arrived (photos the server has), reasons (of a returned survey), step}. The page may add what it needs.

import { call } from "./api.js";
import { base64, seal, sealBytes, unseal, uuid } from "./crypto.js";
import { all, change, events, keeps, one, tell } from "./db.js";
import * as lease from "./lease.js";
import * as outbox from "./outbox.js";
import * as pictures from "./photos.js";
import * as safe from "./vault.js";

export { events };
export const { vault } = safe;
export const { status, sync } = outbox;
export const { setPin, unlock, lock } = safe;
export const photos = {
  add: (...given) => guarded(() => pictures.add(...given)),
  list: pictures.list,
  remove: pictures.remove,
  urlFor: pictures.urlFor,
};

/** What the page can put into a sentence. */
export class StoreError extends Error {
  constructor(code, say = "") {
    super(say || code);
    Object.assign(this, { code, say });
  }
}

const CODES = { QuotaExceededError: "full", VersionError: "reload" };

async function guarded(work) {
  if (vault.lock !== "open") throw new StoreError(vault.lock === "none" ? "signed_out" : "locked");
  try {
    return await work();
  } catch (error) {
    throw CODES[error.name] ? new StoreError(CODES[error.name]) : error;
  }
}

// -- the phone -----------------------------------------------------------------------------------------------------------------------

/**
 * Wake everything up and begin to sync. Answers {kept, offline, me, lock}: whether drafts stay on this phone, whether the pages open
 * without a network, the user {username, name} or null, and the lock (open, locked, lost, none).
 */
export async function open() {
  await safe.wake();
  const kept = await keeps();
  addEventListener("online", () => sync());
  document.addEventListener("visibilitychange", () => document.hidden || sync());
  await outbox.count();
  const first = sync();
  if (!kept || !vault.me || vault.lock === "lost") await first; // only the server knows
  return { kept, offline: kept && "serviceWorker" in navigator, me: vault.me, lock: vault.lock };
}

/** The pack, or null when there is none (never fetched, older than 72 hours, locked). */
export const pack = outbox.readPack;

/** A household of the pack by its uid, or null. */
export async function household(uid) {
  const found = await pack();
  return (found && found.households.find((each) => each.uid === uid)) || null;
}

/** [{code, version, url, current}] as the server last said. */
export const forms = async () => (await one("keep", "forms")) || [];

/** The address of a form page: of "code@version", and of a survey in it. */
export async function formUrl(form, uid = "") {
  const [code, version] = form.split("@");
  const found = (await forms()).find((each) => each.code === code && each.version === version);
  return (found ? found.url : `/collect/forms/${code}/${version}/`) + (uid && "#" + uid);
}

// -- drafts --------------------------------------------------------------------------------------------------------------------------

const today = () => new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 10); // China has one time zone
const weigh = (box) => (box && box.data && box.data.byteLength) || 0;

function fresh(home, form, purpose, channel, year) {
  const back = home.returned;
  return {
    uid: back ? back.uid : uuid(),
    household: home.uid,
    home,
    form,
    year,
    purpose,
    channel,
    revision: back ? back.revision : 0,
    began_at: new Date().toISOString(),
    surveyed_on: today(),
    answers: back ? back.answers : { values: {}, members: home.members.map(({ uid }) => ({ uid, values: {} })) },
    base: back ? back.base : { ...home.now },
    same: back ? back.same : [],
    kept: back ? back.kept : {},
    reasons: back ? back.reasons : {},
    arrived: back ? back.photos || [] : [],
    effort: { keystrokes: 0, typed: 0, same: 0, retyped: 0, seconds: 0 },
    step: 0,
  };
}

/**
 * Begin the survey of a household of the pack, or go on with the draft that is there. Throws StoreError: locked, unknown (the pack does
 * not have the household).
 * @param {{household: string, form?: string, purpose?: string, channel?: string}} what household uid; the rest as the pack says
 */
export function begin({ household: uid, form, purpose, channel = "phone" }) {
  return guarded(async () => {
    const home = await household(uid);
    if (!home) throw new StoreError("unknown");
    const aim = purpose || home.purpose || "survey";
    const there = (await rows()).find((row) => row.household === uid && row.purpose === aim);
    if (there) return (await load(there.uid)).draft;
    const draft = fresh(home, form || home.form, aim, channel, (await pack()).year);
    if (!(await keeps()) && home.survey && home.survey.state === "draft") {
      const found = await fetchDraft(home.survey.uid);
      if (found) Object.assign(draft, found);
    }
    await write(draft, true);
    lease.hold(draft.uid, flush);
    return draft;
  });
}

async function rows() {
  return (await all("drafts")).filter((row) => vault.me && row.owner === vault.me.username);
}

/** {draft, mine} of a survey's uid, or null. `mine` is false when another tab is writing it. */
export function load(uid) {
  return guarded(async () => {
    const row = await one("drafts", uid);
    if (!row || row.owner !== vault.me.username) return null;
    const mine = lease.holds(uid) || !(await lease.taken(uid));
    return { draft: mine ? await own(uid) : await read(row), mine };
  });
}

/** Go on here with a draft that another tab has: it saves and becomes read-only. Answers the draft. */
export function take(uid) {
  return guarded(async () => {
    await lease.demand(uid);
    return own(uid);
  });
}

async function own(uid) {
  let found;
  await change([["drafts", uid]], ([row]) => {
    found = row;
    return row && [["drafts", uid, { ...row, writer: lease.tab }]];
  });
  if (!found) throw new StoreError("gone");
  lease.hold(uid, flush);
  return mend(await read(found));
}

const read = (row) => unseal(vault.key, row.uid, row.box);

/** After a kill between a picture and the next save: a picture without an answer is put back, an answer without a picture taken out. */
async function mend(draft) {
  const found = new Map((await pictures.list(draft.uid)).map((row) => [row.uid, row]));
  const there = (uid) => found.has(uid) || draft.arrived.includes(uid);
  const answered = new Set();
  for (const { values } of [draft.answers, ...draft.answers.members]) {
    for (const [name, answer] of Object.entries(values)) {
      const uids = [].concat(answer).filter((one) => isPhoto(one, draft, found));
      if (!uids.length) continue;
      uids.forEach((uid) => answered.add(uid));
      const left = uids.filter(there);
      if (left.length === uids.length) continue;
      if (Array.isArray(answer) && left.length) values[name] = left;
      else delete values[name];
    }
  }
  for (const row of found.values()) {
    if (answered.has(row.uid)) continue;
    const [who, name] = row.path.includes("/") ? row.path.split("/") : ["", row.path];
    const holder = who ? draft.answers.members.find(({ uid }) => uid === who) : draft.answers;
    if (holder) holder.values[name] = row.single ? row.uid : [...(holder.values[name] || []), row.uid];
  }
  return draft;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const isPhoto = (answer, draft, found) => typeof answer === "string" && (found.has(answer) || UUID.test(answer));

let saving = Promise.resolve();

/** What was typed and not yet saved: another tab takes over, the page goes into the background or is left. */
async function flush() {
  const waits = [];
  tell("flush", { until: (promise) => waits.push(promise) });
  await Promise.all(waits);
  await saving;
}
document.addEventListener("visibilitychange", () => document.hidden && flush().catch(() => {}));
addEventListener("pagehide", () => flush().catch(() => {}));

/**
 * Save a draft; resolves when it is on the disk. Saves follow one another. Throws StoreError: locked, taken, gone, full, unreached
 * (where this phone keeps nothing and the server cannot be reached). The draft in memory stays as it is in any case.
 */
export function save(draft) {
  const copy = JSON.parse(JSON.stringify(draft));
  const done = saving.catch(() => {}).then(() => guarded(() => write(copy)));
  saving = done;
  const told = (detail) => tell("saved", { uid: draft.uid, ...detail });
  done.then(() => told({ at: Date.now() }), (error) => told({ code: error.code || "trouble" }));
  return done;
}

async function write(draft, first = false) {
  const box = await seal(vault.key, draft.uid, draft);
  const { uid, household: home, form, purpose, channel, revision } = draft;
  await change([["drafts", uid]], ([row]) => {
    if (!row && !first) throw new StoreError("gone");
    if (row && row.writer !== lease.tab) throw new StoreError("taken");
    const about = { uid, owner: vault.me.username, household: home, form, purpose, channel, revision };
    return [["drafts", uid, { ...about, updated: Date.now(), size: weigh(box), writer: lease.tab, box }]];
  });
  if (first) persist();
  if (!(await keeps())) await sendDraft(draft);
}

/** Ask the browser not to clear our storage; it may say no, so nothing relies on it. */
function persist() {
  if (navigator.storage && navigator.storage.persist) navigator.storage.persist().catch(() => {});
}

async function sendDraft(draft) {
  const answer = await call("PUT", `drafts/${draft.uid}/`, bodyOf(draft, []), {}).catch(() => null);
  if (!answer) throw new StoreError("unreached");
  if (answer.status >= 300) throw new StoreError(answer.data.code, answer.data.say);
}

async function fetchDraft(uid) {
  const answer = await call("GET", `drafts/${uid}/`).catch(() => null);
  return answer && answer.status === 200 ? answer.data.body || answer.data : null;
}

const SENT = ["uid", "household", "form", "year", "purpose", "channel", "revision", "began_at", "surveyed_on", "answers", "base", "same",
  "kept", "effort"];

function bodyOf(draft, uids) {
  return { ...Object.fromEntries(SENT.map((name) => [name, draft[name]])), photos: uids };
}

/** Every picture the answers name. */
function named(draft, found) {
  const answers = [draft.answers, ...draft.answers.members].flatMap(({ values }) => Object.values(values)).flat();
  return answers.filter((answer) => found.has(answer) || draft.arrived.includes(answer));
}

/**
 * The survey is finished: in one transaction the operation is put into the outbox, its photos are tied to it and the draft goes.
 * Answers the operation's uid. Where this phone keeps nothing it resolves when the server has it.
 */
export function finish(draft) {
  return guarded(async () => {
    await saving.catch(() => {});
    const found = new Map((await pictures.list(draft.uid)).map((row) => [row.uid, row]));
    const uids = named(draft, found);
    const uid = uuid();
    const body = bodyOf(draft, uids);
    const box = await seal(vault.key, uid, body);
    const title = await seal(vault.key, uid + "/title", titleOf(draft));
    const op = { uid, owner: vault.me.username, kind: "survey.submit", survey: draft.uid, form: draft.form, made: Date.now(),
      size: weigh(box) || JSON.stringify(body).length, photos: uids, title, body: box, state: "queued", missing: [], problems: [] };
    await change([["drafts", draft.uid]], ([row]) => {
      if (!row) throw new StoreError("gone");
      if (row.writer !== lease.tab) throw new StoreError("taken");
      const tied = [...found.values()].flatMap((photo) =>
        uids.includes(photo.uid) ? [["photos", "m" + photo.uid, { ...photo, op: uid }]] : pictures.without(photo.uid));
      return [["ops", uid, op], ["drafts", draft.uid, undefined], ...tied];
    });
    lease.release(draft.uid);
    lease.changed();
    const sent = sync();
    if (!(await keeps())) {
      await sent;
      const now = await one("ops", uid);
      if (now.state === "queued") {
        await change([], () => [["ops", uid, undefined], ["drafts", draft.uid, { ...now, uid: draft.uid, writer: lease.tab, box }]]);
        throw new StoreError("unreached", status.say);
      }
      if (now.state === "refused") throw new StoreError("refused", now.say);
    }
    return uid;
  });
}

function titleOf({ home, purpose, year }) {
  const { householder, number, village, hamlet, uid: household } = home;
  return { householder, number, village, hamlet, household, purpose, year, home };
}

// -- lists ---------------------------------------------------------------------------------------------------------------------------

/** This user's drafts, newest first: {uid, household, form, purpose, updated, size, photos, householder, village, step, returned}. */
export async function drafts() {
  const shots = await pictures.list();
  const found = await Promise.all((await rows()).map(async ({ box, ...row }) => {
    const mine = shots.filter((photo) => photo.survey === row.uid);
    const about = { ...row, photos: mine.length, size: row.size + mine.reduce((sum, photo) => sum + photo.size, 0) };
    if (vault.lock !== "open") return about;
    const draft = await unseal(vault.key, row.uid, box);
    return { ...about, ...titleOf(draft), step: draft.step, returned: draft.revision > 0 };
  }));
  return found.sort((a, b) => b.updated - a.updated);
}

async function described(op) {
  const { title, body, ...about } = op;
  const shots = (await pictures.list(op.survey)).filter((photo) => photo.op === op.uid && photo.state !== "complete");
  const size = (body ? op.size : 0) + shots.reduce((sum, photo) => sum + photo.size, 0);
  return { ...about, size, ...(vault.lock === "open" ? await unseal(vault.key, op.uid + "/title", title) : {}) };
}

/** Finished surveys the server has not whole, oldest first: {uid, survey, state, say, problems, missing, made, size, householder}. */
export async function unsent() {
  return Promise.all((await outbox.list()).filter(outbox.isUnsent).map(described));
}

/** The newest receipts: what has arrived, what waits for a reviewer. */
export async function receipts(most = 20) {
  const found = (await outbox.list()).filter((op) => op.state === "done" || op.state === "quarantined");
  return Promise.all(found.slice(-most).reverse().map(described));
}

/** Everything of one record, to be read: {title, body, photos: rows}. `uid` of a draft or an operation. */
export function look(uid) {
  return guarded(async () => {
    const op = await one("ops", uid);
    const row = op ? null : await one("drafts", uid);
    if (!(op || row) || (op || row).owner !== vault.me.username) throw new StoreError("gone");
    const body = op ? op.body && (await unseal(vault.key, uid, op.body)) : await read(row);
    const shots = (await pictures.list((op || row).survey || uid)).filter((photo) => photo.op === (op ? uid : null));
    return { title: op ? await unseal(vault.key, uid + "/title", op.title) : titleOf(body), body, photos: shots };
  });
}

/** {name, blob} of one record with its photos: encrypted with this phone's key where a PIN protects it, else plain JSON. */
export async function exportRecord(uid) {
  const { title, body, photos: shots } = await look(uid);
  const pages = await Promise.all(shots.map(async ({ uid: photo, path }) =>
    ({ uid: photo, path, jpeg: base64((await pictures.bytesOf(photo)) || []) })));
  const record = { yihu: 1, at: new Date().toISOString(), user: vault.me.username, device: vault.device && vault.device.uid, title, body,
    photos: pages };
  let file = JSON.stringify(record);
  if (vault.pin) {
    const box = await sealBytes(vault.key, "export", new TextEncoder().encode(file));
    file = JSON.stringify({ yihu: 1, at: record.at, device: record.device, iv: base64(box.iv), data: base64(box.data) });
  }
  const name = `yihu-${uid.slice(0, 8)}.${vault.pin ? "yihu" : "json"}`;
  return { name, blob: new Blob([file], { type: vault.pin ? "application/octet-stream" : "application/json" }) };
}

/** Send a refused operation once more as it is. */
export async function retry(uid) {
  await change([["ops", uid]], ([op]) => op && op.state === "refused" && op.body &&
    [["ops", uid, { ...op, state: "queued", code: "", say: "", problems: [] }]]);
  return sync();
}

/** Open a refused operation as a draft again, photos and all. Answers the survey's uid. */
export function reopen(uid) {
  return guarded(async () => {
    const op = await one("ops", uid);
    if (!op || !op.body) throw new StoreError("gone");
    const body = await unseal(vault.key, uid, op.body);
    const { home } = await unseal(vault.key, uid + "/title", op.title);
    const draft = { ...body, home, arrived: [], reasons: {}, problems: op.problems, step: 0 };
    const box = await seal(vault.key, draft.uid, draft);
    const shots = (await pictures.list(draft.uid)).filter((photo) => photo.op === uid);
    await change([["ops", uid], ["drafts", draft.uid]], ([now, there]) => {
      if (!now || now.state !== "refused" || there) throw new StoreError("gone");
      const { household: home_, form, purpose, channel, revision } = draft;
      const row = { uid: draft.uid, owner: vault.me.username, household: home_, form, purpose, channel, revision, updated: Date.now(),
        size: weigh(box), writer: null, box };
      return [["drafts", draft.uid, row], ["ops", uid, { ...now, state: "replaced", body: null }],
        ...shots.map((photo) => ["photos", "m" + photo.uid, { ...photo, op: null }])];
    });
    lease.changed();
    await outbox.count();
    return draft.uid;
  });
}

/** Throw one draft or one refused operation away, photos too. The page has asked before. */
export async function discard(uid) {
  const op = await one("ops", uid);
  const shots = (await pictures.list(op ? op.survey : uid)).filter((photo) => photo.op === (op ? uid : null));
  await change([["ops", uid], ["drafts", uid]], ([now, draft]) => {
    const going = shots.flatMap((photo) => pictures.without(photo.uid));
    if (now && isMine(now)) return [["ops", uid, { ...now, state: "discarded", body: null, done: Date.now() }], ...going];
    if (draft && isMine(draft)) return [["drafts", uid, undefined], ...going];
    return [];
  });
  lease.release(uid);
  lease.changed();
  await outbox.count();
}

const isMine = (row) => vault.me && row.owner === vault.me.username;

/** Log-out: pack and key go, drafts and unsent surveys stay, encrypted. */
export async function leave() {
  outbox.forgetPack();
  await safe.forget();
}
