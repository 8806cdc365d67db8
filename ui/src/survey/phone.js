// What every page under /collect/ does for the phone: wake up, lock, the chip in the header, the service worker, sending.
// Its elements stand in templates/surveys/_phone.html and _chip.html.
import { endSession, Unreached } from "./api.js";
import { events, usable } from "./db.js";
import { say } from "./fields.js";
import * as outbox from "./outbox.js";
import { keeperOf, speak } from "./store.js";
import * as vault from "./vault.js";

const byId = (id) => document.getElementById(id);
const words = () => byId("phone").dataset;
const camel = (code) => code.replace(/_(.)/g, (_, letter) => letter.toUpperCase());

/** The sentence of a code, from the page. */
export const sentence = (code, values) => say(words()[camel(code)] || words().trouble, values);

/**
 * Wake the phone's side of a page. Answers the keeper when its key is open, or null where nothing may be kept on this phone (plain HTTP,
 * no database): then the server keeps the draft. Never answers while the page is locked or nobody is signed in. `mend` and `kind` are those
 * of `store.keeperOf`.
 */
export async function start(mend, kind) {
  speak(sentence);
  events.addEventListener("reload", () => {
    byId("reload").hidden = false;
  });
  byId("reload").querySelector("button").addEventListener("click", () => location.reload());
  if (!(await usable())) return null;
  events.addEventListener("sync", paint);
  events.addEventListener("user", () => location.replace(words().home)); // what is on the screen is the other one's
  byId("lock-pin").addEventListener("submit", unlock);
  byId("lock-login").addEventListener("click", signIn);
  addEventListener("online", () => outbox.sync());
  document.addEventListener("visibilitychange", () => document.hidden || outbox.sync());
  await vault.wake();
  await outbox.count();
  let first = null;
  if (vault.vault.lock !== "locked") first = outbox.sync();
  if (vault.vault.lock !== "open" || !(await outbox.readPack())) await first; // only the server knows more
  register();
  await opened();
  return keeperOf(mend, kind);
}

// -- the lock --------------------------------------------------------------------------------------------------------------------------

/** Resolves as soon as the key is open; the page shows nothing but the lock until then, and again whenever it locks. */
function opened() {
  return new Promise((done) => {
    const look = () => {
      const { lock } = vault.vault;
      if (lock === "open") done();
      shut(lock);
    };
    events.addEventListener("locked", look);
    events.addEventListener("sync", look);
    look();
  });
}

function shut(lock) {
  const closed = lock !== "open";
  const was = document.body.classList.contains("shut");
  document.body.classList.toggle("shut", closed);
  byId("lock").hidden = !closed;
  byId("lock-pin").hidden = lock !== "locked";
  byId("lock-login").hidden = !["lost", "none"].includes(lock);
  if (closed && !tried) byId("lock-say").textContent = reason(lock);
  if (closed && !was) (lock === "locked" ? byId("pin") : byId("lock-title")).focus();
}

function reason(lock) {
  const { state, say: said } = outbox.status;
  if (lock === "locked") return sentence("locked");
  if (state === "syncing") return "";
  if (said) return said;
  if (state === "offline") return sentence("lost_offline");
  return sentence(lock === "none" ? "signed_in_first" : "lost");
}

let tried = false; // what is wrong with the PIN stands there until it is right

/** Try the PIN that was typed. */
async function unlock(event) {
  event.preventDefault();
  const box = byId("pin");
  const pin = box.value;
  box.value = "";
  const left = await vault.unlock(pin);
  tried = vault.vault.lock !== "open";
  byId("lock-say").textContent = !tried ? "" : left ? sentence("tries", { n: left }) : sentence("no_tries");
  if (tried) return left ? box.focus() : shut("lost");
  outbox.sync();
}

/** To the log-in form and back here; a session that is still open ends first: the key comes back only after a log-in. */
async function signIn() {
  try {
    await endSession();
    await vault.unbar();
    location.assign(`${words().login}?next=${encodeURIComponent(location.pathname)}${location.hash}`);
  } catch (error) {
    if (!(error instanceof Unreached)) throw error;
    byId("lock-say").textContent = sentence("unreachable");
  }
}

// -- the chip --------------------------------------------------------------------------------------------------------------------------

function paint() {
  const chip = byId("chip");
  const { state, waiting } = outbox.status;
  const off = ["offline", "signed_out", "lost", "revoked", "trouble"].includes(state);
  let text = waiting ? sentence("waiting", { n: waiting }) : sentence("done");
  if (state === "syncing" && waiting) text = sentence("syncing");
  if (state === "offline") text = sentence(waiting ? "offline_waiting" : "offline", { n: waiting });
  if (state === "signed_out") text = sentence("signed_out");
  if (state === "trouble" || state === "revoked") text = sentence(`${state}_chip`);
  chip.hidden = false;
  chip.dataset.state = state;
  chip.dataset.look = off ? "off" : waiting ? "up" : "ok";
  const place = chip.querySelector("span");
  if (place.textContent !== text) place.textContent = text;
  const back = encodeURIComponent(location.pathname);
  chip.href = state === "signed_out" ? `${words().login}?next=${back}${location.hash}` : `${words().home}#unsent`;
}

// -- the service worker ----------------------------------------------------------------------------------------------------------------

async function register() {
  if (!navigator.serviceWorker) return;
  try {
    const found = await navigator.serviceWorker.register("/collect/worker.js", { scope: "/collect/" });
    const offer = () => {
      byId("update").hidden = !(found.waiting && found.active);
    };
    found.addEventListener("updatefound", () => {
      const { installing } = found;
      if (installing) installing.addEventListener("statechange", offer);
    });
    offer();
    byId("update").querySelector("button").addEventListener("click", () => {
      navigator.serviceWorker.addEventListener("controllerchange", () => location.reload());
      if (found.waiting) found.waiting.postMessage({ skip: true });
    });
    await navigator.serviceWorker.ready;
    await vault.findWorker();
    await found.update();
  } catch {
    // Without a network, or signed out: the worker that is there goes on.
  }
}
