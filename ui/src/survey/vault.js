// Who uses this phone, and the key of what they keep on it.
//
// The key is random and in trust with the server. Here it lies wrapped by a PIN, or open as long as no PIN was chosen. An opened key lives
// in the memory of the page, and for the moment between two pages in the memory of the service worker; it locks after five minutes hidden.
// Rows of `keep`, by user: device:U {uid, registered}, key:U {key}, wrap:U {salt, iv, data, wrong}, barred:U after too many wrong PINs: the
// key comes back only after another log-in; pack:U; `me` {username, name}.

import { call } from "./api.js";
import { base64, bytes, keyOf, newKey, rawOf, unwrap, uuid, wrap } from "./crypto.js";
import { change, one, put, tell } from "./db.js";

const TRIES = 5;
const HIDDEN = 5 * 60 * 1000; // ms after which the key is forgotten
const HELD = 1000; // ms to wait for the worker's answer

export const vault = { me: null, device: null, key: null, pin: false, lock: "lost" };
let worker = null;

/** Whether a row is this user's. */
export const own = (row) => Boolean(row && row.owner === vault.me?.username);

const rowOf = (name) => `${name}:${vault.me.username}`;

function set(lock, key = null) {
  const before = vault.lock;
  vault.lock = lock;
  vault.key = key;
  if (lock !== before) tell("locked", { lock });
}

/** Read who this is and whether the key is open. `lock`: open, locked (a PIN opens it), lost (the server has it), none (no user yet). */
export async function wake() {
  vault.me = (await one("keep", "me")) || null;
  if (!vault.me) return set("none");
  vault.device = (await one("keep", rowOf("device"))) || null;
  const [plain, wrapped] = [await one("keep", rowOf("key")), await one("keep", rowOf("wrap"))];
  vault.pin = Boolean(wrapped);
  if (plain) return set("open", plain.key);
  if (!wrapped) return set("lost");
  const held = vault.key || (await heldByWorker());
  return held ? set("open", held) : set("locked");
}

/** The server says who is signed in. What another user left is neither shown nor sent; their pack and key go. */
export async function identify(user) {
  if (vault.me?.username === user.username) return;
  if (vault.me) await forget();
  vault.key = null;
  await put("keep", "me", { username: user.username, name: user.name });
  await wake();
}

/** At log-out and when another user comes: pack, key and wrapped key leave this phone. Drafts stay, encrypted and owned. */
export async function forget() {
  if (!vault.me) return;
  // A key that the server has not got yet is the only one.
  const going = (vault.device?.registered ? ["key", "wrap", "pack"] : ["pack"]).map(rowOf);
  await change([], () => [...going, "me"].map((key) => ["keep", key, undefined]));
  hold(null);
  vault.me = vault.device = null;
  vault.pin = false;
  set("none");
}

/** A new phone: an id and a key. */
async function begin() {
  const device = { uid: uuid(), registered: false };
  const key = await newKey();
  await change([], () => [["keep", rowOf("device"), device], ["keep", rowOf("key"), { key }]]);
  vault.device = device;
  set("open", key);
  return enroll();
}

/** Make this phone known to the server, or get its key back from it. Answers what the server refused, or null. */
export async function enroll() {
  if (!vault.device) return begin();
  const { uid } = vault.device;
  if (!vault.device.registered && vault.key) {
    const label = (/\(([^)]{3,60})\)/.exec(navigator.userAgent) || ["", ""])[1];
    const answer = await call("POST", "devices/", { device: uid, label, key: base64(await rawOf(vault.key)) });
    if (answer.status >= 300) return answer.data;
    vault.device.registered = true;
    await put("keep", rowOf("device"), vault.device);
  }
  if (vault.lock === "lost") {
    if (await one("keep", rowOf("barred"))) return { code: "log_in" };
    const answer = await call("POST", `devices/${uid}/key/`, {});
    if (answer.status === 404) return begin(); // the server never knew this phone: what was sealed with its key stays sealed
    if (answer.status >= 300) return answer.data;
    const key = await keyOf(bytes(answer.data.key));
    await put("keep", rowOf("key"), { key });
    set("open", key);
  }
  return null;
}

/** Choose the PIN: six digits. From now on the key lies here only wrapped. */
export async function setPin(pin) {
  const box = { ...(await wrap(vault.key, pin)), wrong: 0 };
  await change([], () => [["keep", rowOf("wrap"), box], ["keep", rowOf("key"), undefined]]);
  vault.pin = true;
  tell("locked", { lock: "open" });
}

/** How many tries are left: 5 when it opened, 0 when the wrapped key is gone and only a log-in brings it back. */
export async function unlock(pin) {
  const row = rowOf("wrap");
  let box;
  // Counted before it is tried: who pulls the plug in between has used a try.
  await change([["keep", row]], ([found]) => {
    box = found && { ...found, wrong: found.wrong + 1 };
    return box && [["keep", row, box]];
  });
  if (!box || box.wrong > TRIES) return lose();
  let key;
  try {
    key = await unwrap(box, pin);
  } catch {
    if (box.wrong < TRIES) return TRIES - box.wrong;
    return lose();
  }
  await put("keep", row, { ...box, wrong: 0 });
  set("open", key);
  return TRIES;
}

async function lose() {
  await change([], () => [["keep", rowOf("wrap"), undefined], ["keep", rowOf("barred"), true]]);
  vault.pin = false;
  set("lost");
  return 0;
}

/** The session of those tries has ended. */
export async function unbar() {
  if (vault.me) await put("keep", rowOf("barred"), undefined);
}

/** Forget the opened key; without a PIN there is nothing to lock. */
export function lock() {
  if (!vault.pin || vault.lock !== "open") return;
  hold(null);
  set("locked");
}

// -- between two pages --------------------------------------------------------------------------------------------------------------

function hold(key) {
  worker?.postMessage({ hold: key && { key, user: vault.me.username } });
}

async function heldByWorker() {
  await findWorker();
  if (!worker) return null;
  return new Promise((done) => {
    const { port1, port2 } = new MessageChannel();
    const timer = setTimeout(() => done(null), HELD);
    port1.onmessage = ({ data }) => {
      clearTimeout(timer);
      done(data?.user === vault.me.username ? data.key : null);
    };
    worker.postMessage({ ask: true }, [port2]);
  });
}

/** Remember the running service worker, so that the last moment of a page can still speak to it. */
export async function findWorker() {
  const found = await navigator.serviceWorker?.getRegistration("/collect/");
  worker = found?.active;
}

let hiddenAt = 0;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    hiddenAt = Date.now();
    setTimeout(() => document.hidden && Date.now() - hiddenAt >= HIDDEN && lock(), HIDDEN);
  } else if (hiddenAt && Date.now() - hiddenAt >= HIDDEN) lock();
});
addEventListener("pagehide", () => vault.pin && vault.key && hold(vault.key));
