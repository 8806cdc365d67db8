// What a page knows of the phone: drafts, photos, the outbox and the pack (docs/surveys.md, "On the phone"). `keeperOf` is what a page asks
// where one kind of record is written down (docs/surveys.md, "The form and who keeps its draft"); the rest is the home page's.
//
// `events` (an EventTarget) tells: "sync" {state, waiting, drafts, others, say, at}; "flush" {until}: save now, and hand the promise to
// `until`; "locked" {lock}; "user": another one is signed in; "changed": lists are out of date; "pack"; "reload": the page is too old for
// the database. Errors have a `code`: locked, signed_out, taken (another window), gone (finished or discarded elsewhere),
// full (no room), reload, in_form (the survey is being filled already); and `say`, the sentence for it.

import { base64, seal, sealBytes, unseal, uuid } from "./crypto.js";
import { all, change, events, flush, one } from "./db.js";
import * as lease from "./lease.js";
import * as outbox from "./outbox.js";
import * as pictures from "./photos.js";
import { own as mine, vault } from "./vault.js";

export { events, vault };

const CODES = { QuotaExceededError: "full", VersionError: "reload" };
let sentence = (code) => code;

/** `words(code)` is what `error.say` says. */
export const speak = (words) => (sentence = words);

export class StoreError extends Error {
  constructor(code) {
    super(code);
    Object.assign(this, { code, say: sentence(code) });
  }
}

async function guarded(work) {
  if (vault.lock !== "open") throw new StoreError(vault.lock === "none" ? "signed_out" : "locked");
  try {
    return await work();
  } catch (error) {
    throw CODES[error.name] ? new StoreError(CODES[error.name]) : error;
  }
}

const weigh = (box) => (box ? box.data.byteLength : 0);

// -- the pack ------------------------------------------------------------------------------------------------------------------------

/**
 * The pack, or null when there is none (never fetched, older than 72 hours, locked). What came back and has been finished again is no more
 * `returned`, whatever becomes of it on its way; `waiting`: a finished survey of the household has not left this phone.
 */
export async function pack() {
  const found = await outbox.readPack();
  const ops = (await outbox.list()).filter(({ state }) => !["replaced", "discarded"].includes(state));
  const known = (home) => {
    const { uid, purpose, returned } = home;
    const again = returned && ops.some((op) => op.survey === returned.uid && op.revision === returned.revision);
    const waiting = ops.some((op) => op.household === uid && op.purpose === purpose && outbox.isUnsent(op));
    return { ...home, returned: again ? null : returned, waiting };
  };
  return found && { ...found, households: found.households.map(known) };
}

/** A household of the pack; of a draft, where the pack has it no more; null. */
export function entry(household) {
  return guarded(async () => {
    const found = await pack();
    const here = found?.households.find((each) => each.uid === household);
    if (here) return here;
    const row = (await rows()).find((each) => each.household === household);
    return row ? (await read(row)).home : null;
  });
}

/** [{code, version, url, current}] as the server last said. */
export const forms = async () => (await one("keep", "forms")) || [];

/** The address of a form page, "code@version", with what stands behind "#". */
export async function formUrl(form, rest) {
  const [code, version] = form.split("@");
  const found = (await forms()).find((each) => each.code === code && each.version === version);
  return `${found ? found.url : `/collect/forms/${code}/${version}/`}#${rest}`;
}

// -- drafts --------------------------------------------------------------------------------------------------------------------------
// A row: {uid, owner, kind, household, form, purpose, updated, size, writer, box}; the box holds {draft, home}. `kind` is that of
// the operation it becomes; form and purpose are a survey's.

const rows = async () => (await all("drafts")).filter(mine).sort((a, b) => b.updated - a.updated);
const read = (row) => unseal(vault.key, row.uid, row.box);
const SURVEY = "survey.submit";

/** Rows of a phone that knew surveys alone do not say what they are. */
export const kindOf = (row) => row.kind || SURVEY;

let saving = Promise.resolve();

/** Keep a draft; resolves when it is on the disk. Saves follow one another; the draft in memory stays as it is in any case. */
function save(kind, record) {
  const copy = JSON.parse(JSON.stringify(record));
  saving = saving.catch(() => {}).then(() => guarded(() => write(kind, copy)));
  return saving;
}

async function write(kind, record) {
  const { uid, household, form, purpose } = record;
  const home = await entry(household);
  const box = await seal(vault.key, uid, { draft: record, home });
  const same = (row) => kindOf(row) === kind && row.household === household && row.purpose === purpose && row.uid !== uid;
  const twin = !lease.known(uid) && (await rows()).some(same);
  let first;
  await change([["drafts", uid]], ([row]) => {
    first = !row;
    if (!lease.holds(uid)) throw new StoreError("taken");
    if (first && lease.known(uid)) throw new StoreError("gone");
    if (first && twin) throw new StoreError("in_form");
    if (row && row.writer !== lease.tab) throw new StoreError("taken");
    const about = { uid, owner: vault.me.username, kind, household, form, purpose };
    return [["drafts", uid, { ...about, updated: Date.now(), size: weigh(box), writer: lease.tab, box }]];
  });
  lease.know(uid);
  // It may say no, so nothing relies on it; without it a full disk may clear everything of this site.
  if (first) navigator.storage?.persist?.().catch(() => {});
}

document.addEventListener("visibilitychange", () => document.hidden && flush().catch(() => {}));
addEventListener("pagehide", () => flush().catch(() => {}));

/** The record is finished: in one transaction its operation goes into the outbox, its photos are tied to it and the draft goes. */
function finish(kind, body) {
  return guarded(async () => {
    await saving.catch(() => {});
    const uid = uuid();
    const home = await entry(body.household);
    const shots = await pictures.list(body.uid);
    const box = await seal(vault.key, uid, body);
    const { household, purpose, revision, form, photos } = body;
    const title = await seal(vault.key, uid + "/title", { ...titleOf(home, body), home });
    const op = {
      uid, owner: vault.me.username, kind, survey: body.uid, household, purpose, revision, form, made: Date.now(),
      size: weigh(box), title, body: box, photos, missing: [], problems: [], state: "queued",
    };
    await change([["drafts", body.uid]], ([row]) => {
      if (!row) throw new StoreError("gone");
      if (row.writer !== lease.tab) throw new StoreError("taken");
      const tied = shots.filter((shot) => !shot.op).flatMap((shot) =>
        body.photos.includes(shot.uid) ? [["photos", "m" + shot.uid, { ...shot, op: uid }]] : pictures.without(shot.uid));
      return [["ops", uid, op], ["drafts", body.uid, undefined], ...tied];
    });
    lease.release(body.uid);
    lease.changed();
    await outbox.count().catch(() => {}); // what waits stands in the header before the page says that it is finished
    outbox.sync();
    return { op: uid };
  });
}

/** What a list says of a record: whose, of which year, or on which day and how. */
function titleOf(home, { year, on, manner }) {
  const { householder, village } = home || {};
  return { householder, village, year, on, manner };
}

/**
 * What a page asks of whoever keeps its drafts of a kind. `mend(draft, pictures)` brings a draft and the pictures that lie here for it
 * together: after a kill between the two one may know what the other does not.
 */
export const keeperOf = (mend, kind = SURVEY) => ({
  online: false,
  entry,
  drafts: (household) => guarded(async () => {
    const found = (await rows()).filter((row) => row.household === household && kindOf(row) === kind);
    return Promise.all(found.map((row) => open(row, mend)));
  }),
  draft: (uid) => guarded(async () => {
    const row = await one("drafts", uid);
    return mine(row) ? open(row, mend) : null;
  }),
  save: (record) => save(kind, record),
  finish: (body) => finish(kind, body),
  addPhoto: (survey, path, blob, kind) => guarded(() => pictures.add(survey, path, blob, kind === "signature")),
  async photo(uid) {
    const bytes = await guarded(() => pictures.bytesOf(uid));
    return bytes && new Blob([bytes], { type: "image/jpeg" });
  },
  dropPhoto: pictures.remove,
  lease: (uid, lost) => guarded(() => lease.open(uid, flush, lost)),
});

const open = async (row, mend) => mend((await read(row)).draft, await pictures.list(row.uid));

// -- lists ---------------------------------------------------------------------------------------------------------------------------

const sum = (shots) => shots.reduce((total, shot) => total + (shot.state === "complete" ? 0 : shot.size), 0);

/** This user's drafts, newest first: {uid, kind, household, form, purpose, updated, size, photos, at, …title}. */
export async function draftList() {
  const every = await pictures.list();
  return Promise.all((await rows()).map(async ({ box, ...row }) => {
    const shots = every.filter((shot) => shot.survey === row.uid && !shot.op);
    const about = { ...row, kind: kindOf(row), photos: shots.length, size: row.size + sum(shots) };
    if (vault.lock !== "open") return about;
    const opened = await unseal(vault.key, row.uid, box).catch(() => null); // sealed with a key that is gone for good
    return opened ? { ...titleOf(opened.home, opened.draft), ...about, at: opened.draft.at } : about;
  }));
}

async function described({ title, body, ...op }) {
  const shots = (await pictures.list(op.survey)).filter((shot) => shot.op === op.uid);
  const about = { ...op, again: Boolean(body), size: (body ? op.size : 0) + sum(shots) };
  const told = vault.lock === "open" ? await unseal(vault.key, op.uid + "/title", title).catch(() => ({})) : {};
  return { ...told, ...about };
}

/** Finished, not whole on the server, oldest first: {uid, kind, survey, state, say, problems, missing, made, size, again, …title}. */
export async function unsent() {
  return Promise.all((await outbox.list()).filter(outbox.isUnsent).map(described));
}

/** The newest receipts: what has arrived, what waits for a reviewer. */
export async function receipts(most = 20) {
  const found = (await outbox.list()).filter((op) => op.state === "done" || op.state === "quarantined");
  return Promise.all(found.slice(-most).reverse().map(described));
}

/** Everything of one record: {kind, title, body, photos: rows}. `uid` of a draft or an operation. */
export function look(uid) {
  return guarded(async () => {
    const [op, row] = await Promise.all([one("ops", uid), one("drafts", uid)]);
    if (!mine(op || row)) throw new StoreError("gone");
    const shots = (await pictures.list(op ? op.survey : uid)).filter((shot) => shot.op === (op ? uid : null));
    if (op) {
      const body = op.body && (await unseal(vault.key, uid, op.body));
      return { kind: op.kind, title: await unseal(vault.key, uid + "/title", op.title), body, photos: shots };
    }
    const { draft: body, home } = await read(row);
    return { kind: kindOf(row), title: { ...titleOf(home, body), home }, body, photos: shots };
  });
}

/** {name, blob} of one record with its photos: encrypted with this phone's key where a PIN protects it, else plain JSON. */
export async function exportRecord(uid) {
  const { kind, title, body, photos } = await look(uid);
  const jpeg = async (shot) => base64((await pictures.bytesOf(shot)) || []);
  const shots = await Promise.all(photos.map(async ({ uid: shot, path }) => ({ uid: shot, path, jpeg: await jpeg(shot) })));
  const about = { yihu: 1, at: new Date().toISOString(), device: vault.device?.uid };
  let file = JSON.stringify({ ...about, user: vault.me.username, kind, title, body, photos: shots });
  if (vault.pin) {
    const { iv, data } = await sealBytes(vault.key, "export", new TextEncoder().encode(file));
    file = JSON.stringify({ ...about, iv: base64(iv), data: base64(data) });
  }
  return { name: `yihu-${uid.slice(0, 8)}.${vault.pin ? "yihu" : "json"}`, blob: new Blob([file], { type: "application/octet-stream" }) };
}

/**
 * Send a refused operation once more. The server answers an operation it knows with the receipt it gave, so this is a new one with the
 * same body; the old one is kept as replaced.
 */
export function retry(uid) {
  return guarded(async () => {
    const op = await one("ops", uid);
    if (mine(op) && op.state === "refused" && op.body) {
      const next = uuid();
      const body = await seal(vault.key, next, await unseal(vault.key, uid, op.body));
      const title = await seal(vault.key, next + "/title", await unseal(vault.key, uid + "/title", op.title));
      const shots = (await pictures.list(op.survey)).filter((shot) => shot.op === uid);
      const fresh = { ...op, uid: next, body, title, state: "queued", code: "", say: "", problems: [], missing: [] };
      await change([["ops", uid]], ([now]) => (now.state === "refused" ? [
        ["ops", next, fresh], ["ops", uid, { ...now, state: "replaced", body: null }],
        ...shots.map((shot) => ["photos", "m" + shot.uid, { ...shot, op: next }]),
      ] : []));
    }
    return outbox.sync();
  });
}

/** Open an operation that the server has not taken as a draft again, photos and all. Answers the record's uid. */
export function reopen(uid) {
  return guarded(async () => {
    const op = await one("ops", uid);
    if (!mine(op) || !op.body) throw new StoreError("gone");
    const body = await unseal(vault.key, uid, op.body);
    const { home } = await unseal(vault.key, uid + "/title", op.title);
    const record = { ...body, at: {}, problems: op.problems, refused: op.say };
    const box = await seal(vault.key, body.uid, { draft: record, home });
    const shots = (await pictures.list(body.uid)).filter((shot) => shot.op === uid);
    const { household, form, purpose } = body;
    await change([["ops", uid], ["drafts", body.uid]], ([now, there]) => {
      if (there) throw new StoreError("in_form");
      if (!now || !["refused", "queued"].includes(now.state)) throw new StoreError("gone");
      const row = { uid: body.uid, owner: op.owner, kind: op.kind, household, form, purpose, updated: Date.now(), writer: null };
      return [["drafts", body.uid, { ...row, size: weigh(box), box }], ["ops", uid, { ...now, state: "replaced", body: null }],
        ...shots.map((shot) => ["photos", "m" + shot.uid, { ...shot, op: null }])];
    });
    lease.changed();
    await outbox.count();
    return body.uid;
  });
}

/** Throw one draft or one operation away, photos too. The page has asked before. What the server has already stays there. */
export async function discard(uid) {
  const op = await one("ops", uid);
  const shots = (await pictures.list(op ? op.survey : uid)).filter((shot) => shot.op === (op ? uid : null));
  await change([["ops", uid], ["drafts", uid]], ([now, row]) => {
    const going = shots.flatMap((shot) => pictures.without(shot.uid));
    if (mine(now)) return [["ops", uid, { ...now, state: "discarded", body: null, done: Date.now() }], ...going];
    return mine(row) ? [["drafts", uid, undefined], ...going] : [];
  });
  lease.release(uid);
  lease.changed();
  await outbox.count();
}

/** Pictures of a draft that was never saved (a kill between the two) go after a day. */
export async function sweep() {
  const open_ = new Set((await rows()).map((row) => row.uid));
  const stray = (await pictures.list()).filter((shot) => !shot.op && !open_.has(shot.survey) && shot.made < Date.now() - 24 * 3600 * 1000);
  if (stray.length) await change([], () => stray.flatMap((shot) => pictures.without(shot.uid)));
}
