// The outbox: finished records on their way. Rows of `ops` {uid, owner, kind, survey, household, purpose, revision, form, made, size,
// photos, title, body, state, code, say, problems, missing, receipt}; title and body are boxes, the body is frozen once queued and dropped
// when the server has it.
//
// queued -> sent (photos are missing) -> done; refused; quarantined; replaced (opened again as a draft); discarded.
// One tab at a time sends. Nothing is removed because of an error: the server's receipt decides, and only that.

import { call, endSession, ping, Unreached } from "./api.js";
import { seal, unseal, uuid } from "./crypto.js";
import { all, change, events, flush, one, put, quiet, tell } from "./db.js";
import { changed } from "./lease.js";
import { UNSENT } from "./unsent.js";
import { bytesOf, list as photoRows } from "./photos.js";
import { enroll, identify, own, unbar, vault } from "./vault.js";

const BATCH = 20; // operations in one request
const WEIGHT = 128 * 1024; // bytes in one request; the server takes 512 KiB
const PIECE = 64 * 1024; // bytes of a photo in one request
const [FIRST, LONGEST] = [2000, 60000]; // ms between tries
const FRESH = 60 * 60 * 1000; // ms after which the pack is fetched again
const HOURS = 60 * 60 * 1000;

const SETTLED = ["applied", "refused", "quarantined"];
const STUCK = ["signed_out", "locked", "lost", "revoked"]; // trying again by itself does not help

/** state: idle, syncing, done, offline, signed_out, locked, lost, revoked, trouble. `say`: the server's own sentence, where it gave one. */
export const status = { state: "idle", waiting: 0, drafts: 0, others: 0, say: "", at: 0 };

/** A round that cannot go on, and why. */
const stopped = (state, say = "") => Object.assign(new Error(state), { state, say });

/** This user's operations, oldest first. */
export async function list() {
  return (await all("ops")).filter(own).sort((a, b) => a.made - b.made);
}

export const isUnsent = (op) => UNSENT.includes(op.state);

/** Count again what is only on this phone, and tell. */
export async function count(more = {}) {
  const waiting = (await all("ops")).filter(isUnsent);
  const drafts = await all("drafts");
  const mine = [waiting.filter(own).length, drafts.filter(own).length];
  const others = waiting.length + drafts.length - mine[0] - mine[1];
  Object.assign(status, { waiting: mine[0], drafts: mine[1], others, ...more });
  tell("sync", { ...status });
  return status;
}

// -- one at a time --------------------------------------------------------------------------------------------------------------------

const NAME = "yihu-sync";
const LEASE = 130000; // ms a lock in the database holds; longer than any one request

/** Run `work` unless another tab is sending. Answers whether it ran. */
async function alone(work) {
  if (navigator.locks) {
    return navigator.locks.request(NAME, { ifAvailable: true }, async (lock) => {
      if (lock) await work(() => {});
      return Boolean(lock);
    });
  }
  const me = uuid();
  let got = false;
  const take = () =>
    change([["keep", NAME]], ([row]) => {
      got = !row || row.me === me || row.until < Date.now();
      return got ? [["keep", NAME, { me, until: Date.now() + LEASE }]] : [];
    });
  await take();
  if (!got) return false;
  try {
    await work(take);
  } finally {
    await change([["keep", NAME]], ([row]) => (row && row.me === me ? [["keep", NAME, undefined]] : []));
  }
  return true;
}

// -- rounds ---------------------------------------------------------------------------------------------------------------------------

let running = null;
let again = null;
let fails = 0;
let timer = 0;

/**
 * Send what waits, and fetch the pack when it is old (`fresh`: in any case). Never throws; answers `status`.
 * Called at the start of a page, when the network or the user comes back, after each finished survey and by button.
 */
export function sync({ fresh = false, patient = false } = {}) {
  if (!patient) fails = 0; // somebody or something has reason to hope
  if (running) {
    again = { fresh: fresh || Boolean(again && again.fresh) };
    return running;
  }
  running = round(fresh).catch(quiet).then(() => {
    const more = again;
    running = again = null;
    if (more) sync(more);
    return status;
  });
  return running;
}

async function round(fresh) {
  clearTimeout(timer);
  await count({ state: "syncing", say: "" });
  let outcome = { state: "done", say: "" };
  try {
    if (await alone((still) => talk(fresh, still))) fails = 0;
    else {
      outcome = { state: "syncing", say: "" };
      timer = setTimeout(sync, FIRST, { patient: true });
    }
  } catch (error) {
    outcome = error.state ? error : stopped(error instanceof Unreached ? "offline" : "trouble");
    if (outcome !== error && outcome.state === "trouble" && error.name !== "VersionError") console.error(error);
    if (outcome.state === "revoked") await dropPack();
    if (!STUCK.includes(outcome.state)) {
      timer = setTimeout(() => document.hidden || sync({ patient: true }), Math.min(LONGEST, FIRST * 2 ** fails++));
    }
  }
  await count({ state: outcome.state, say: outcome.say || "", at: outcome.state === "done" ? Date.now() : status.at });
  changed();
}
events.addEventListener("changed", () => running || count().catch(quiet));

function check({ status: code, data }) {
  if (code < 300) return data;
  if (code === 401) throw stopped("signed_out", data.say);
  if (data.code === "device_unknown") vault.device.registered = false; // the next round makes it known again
  throw stopped(data.code === "device_revoked" ? "revoked" : "trouble", data.say);
}

async function talk(fresh, still) {
  const answer = await ping();
  if (answer.status === 401) await unbar(); // whoever comes back has logged in
  const hello = check(answer);
  // Logged out without a network.
  if (await one("keep", "leave")) {
    await endSession();
    await put("keep", "leave", undefined);
    throw stopped("signed_out");
  }
  const other = vault.me && vault.me.username !== hello.user.username;
  if (other) await flush().catch(() => {}); // still under the name of who typed it
  await identify(hello.user);
  if (other) tell("user", {});
  await put("keep", "forms", hello.forms);
  const refused = await enroll();
  if (refused) throw stopped(refused.code === "device_revoked" ? "revoked" : "lost", refused.say);
  if (vault.lock === "locked") throw stopped("locked");
  const failed = await sendOps(still);
  await sendPhotos(still);
  if (fresh || (await age()) > FRESH) await fetchPack();
  if (failed) throw stopped("trouble");
}

// -- operations -----------------------------------------------------------------------------------------------------------------------

async function sendOps(still) {
  const failed = new Set();
  for (;;) {
    await still();
    const due = (await list()).filter((op) => op.state === "queued" && !failed.has(op.uid));
    if (!due.length) return failed.size;
    const batch = [];
    let weight = 0;
    for (const op of due.slice(0, BATCH)) {
      weight += op.size;
      if (batch.length && weight > WEIGHT) break;
      const body = await unseal(vault.key, op.uid, op.body).catch(() => null);
      if (!body) failed.add(op.uid); // sealed with a key that is gone for good
      else batch.push({ uid: op.uid, kind: op.kind, made_at: new Date(op.made).toISOString(), body });
    }
    if (!batch.length) continue;
    const { receipts } = check(await call("POST", "ops/", { device: vault.device.uid, waiting: status.waiting, ops: batch }));
    // An operation that the server could not do, or said nothing about, waits for the next round.
    const settled = receipts.filter(({ state }) => SETTLED.includes(state)).map(({ uid }) => uid);
    batch.filter(({ uid }) => !settled.includes(uid)).forEach(({ uid }) => failed.add(uid));
    await change(receipts.map(({ uid }) => ["ops", uid]), (rows) =>
      rows.map((op, at) => ["ops", receipts[at].uid, settle(op, receipts[at])]).filter(([, , op]) => op),
    );
    if (settled.length) fails = 0; // it goes on, if slowly
    await count();
    changed();
  }
}

/** The operation after its receipt. A body leaves the phone only when the server says that it has it. */
function settle(op, receipt) {
  if (!op || op.state !== "queued" || !SETTLED.includes(receipt.state)) return op;
  const { state, code = "", say = "", problems = [] } = receipt;
  if (state === "refused") return { ...op, state, code, say, problems, receipt };
  const missing = receipt.missing || op.photos;
  const after = state === "applied" ? "done" : "quarantined";
  return { ...op, state: missing.length ? "sent" : after, after, code, say, missing, receipt, body: null, done: Date.now() };
}

// -- photos ---------------------------------------------------------------------------------------------------------------------------

async function sendPhotos(still) {
  const ops = new Map((await list()).filter((op) => op.state === "sent").map((op) => [op.uid, op]));
  for (const row of await photoRows()) {
    if (row.state === "new" && ops.has(row.op) && ops.get(row.op).missing.includes(row.uid)) {
      await still();
      await sendPhoto(row, still);
    }
  }
  // What the server misses and this phone has no more can only be taken again: say so.
  const rows = new Map((await photoRows()).map((row) => [row.uid, row.state]));
  for (const { uid } of ops.values()) {
    await change([["ops", uid]], ([now]) => {
      const lost = now.state === "sent" && now.missing.filter((one) => rows.get(one) !== "new").length;
      return lost ? [["ops", uid, { ...now, lost }]] : [];
    });
  }
}

async function sendPhoto(row, still) {
  const data = await bytesOf(row.uid);
  if (!data) return;
  const address = `photos/${row.uid}/`;
  let answer = { received: row.got, state: "arriving" };
  if (row.tried) {
    const found = await call("GET", address);
    answer = found.status === 404 ? { received: 0, state: "arriving" } : check(found);
  } else await change([["photos", "m" + row.uid]], ([now]) => now && [["photos", "m" + row.uid, { ...now, tried: true }]]);
  for (let stalls = 0; answer.state === "arriving"; ) {
    await still();
    const from = answer.received;
    const piece = data.slice(from, from + PIECE);
    const said = await call("PUT", address, piece, {
      "Upload-Offset": from, "Upload-Length": data.byteLength, "Upload-Sha256": row.sha256,
      "Upload-Survey": row.survey, "Upload-Path": row.path,
    });
    if (said.status === 409) answer = { ...said.data, state: "arriving" };
    else answer = [413, 422].includes(said.status) ? { ...said.data, state: "refused" } : check(said);
    if (answer.received > from) fails = 0;
    if (answer.received <= from && answer.state === "arriving" && ++stalls > 3) throw stopped("trouble", answer.say);
  }
  await change([["photos", "m" + row.uid], ["ops", row.op]], ([now, sending]) => {
    const puts = now ? [["photos", "m" + row.uid, { ...now, state: answer.state, say: answer.say || "" }]] : [];
    if (answer.state === "complete") puts.push(["photos", "d" + row.uid, undefined]);
    if (sending) {
      const missing = sending.missing.filter((uid) => uid !== row.uid);
      const refused = answer.state === "refused";
      const bad = (sending.bad || 0) + (refused ? 1 : 0);
      const state = missing.length ? "sent" : bad ? "refused" : sending.after;
      puts.push(["ops", row.op, { ...sending, missing, bad, state, say: refused ? answer.say || "" : sending.say }]);
    }
    return puts;
  });
  await count();
}

// -- the pack -------------------------------------------------------------------------------------------------------------------------

let pack = null;
const rowName = () => `pack:${vault.me.username}`;
const age = async () => Date.now() - ((await one("keep", rowName()))?.got || 0);

async function fetchPack() {
  const answer = await call("POST", "pack/", { device: vault.device.uid });
  if (answer.data.code === "not_allowed") return dropPack(); // fills no surveys any more
  const found = check(answer);
  const row = { owner: vault.me.username, got: Date.now(), expires: Date.parse(found.expires_at) };
  pack = { ...found, owner: row.owner, got: row.got };
  try {
    await put("keep", rowName(), { ...row, ...(await seal(vault.key, rowName(), found)) });
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error; // it stays in the memory of this page
  }
  return tell("pack", {});
}

/** The pack of docs/surveys.md, or null: never fetched, expired (then it is deleted), or locked. */
export async function readPack() {
  if (!vault.me || vault.lock !== "open") return null;
  const now = Date.now();
  if (pack && own(pack) && Date.parse(pack.expires_at) > now) return pack;
  const row = await one("keep", rowName());
  pack = null;
  if (!row) return null;
  // A clock set back must not keep it alive either.
  if (row.expires <= now || row.got > now + 24 * HOURS) {
    await put("keep", rowName(), undefined);
    return null;
  }
  pack = { ...(await unseal(vault.key, rowName(), row)), owner: row.owner, got: row.got };
  return pack;
}

/** A household that the pack has not, fetched by itself, goes along with it for as long as this page is open. */
export async function lend(entry) {
  const found = await readPack();
  if (found) found.households.push(entry);
}

async function dropPack() {
  pack = null;
  await put("keep", rowName(), undefined);
}
