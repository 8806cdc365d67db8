// One window writes a draft. Who opens it asks the others over a channel; nobody answers: the draft is free. Who writes is noted in the
// row itself and every save checks it, so that a window that slept through the question can overwrite nothing.

import { uuid } from "./crypto.js";
import { change, tell } from "./db.js";

export const tab = uuid();
const ANSWER = 500; // ms another window has to say that it is writing
const mine = new Map(); // survey uid -> {flush, lost}
const kept = new Set(); // survey uids this window has saved: gone, they have been finished or discarded elsewhere
const waiting = new Map(); // question + uid -> what its answer does
const channel = self.BroadcastChannel ? new BroadcastChannel("yihu-drafts") : null;

const say = (message) => channel && channel.postMessage({ ...message, from: tab });

function ask(kind, uid) {
  if (!channel) return Promise.resolve(false);
  return new Promise((done) => {
    const over = (answered) => () => {
      waiting.delete(kind + uid);
      clearTimeout(timer);
      done(answered);
    };
    const timer = setTimeout(over(false), ANSWER);
    waiting.set(kind + uid, over(true));
    say({ kind, uid });
  });
}

export const holds = (uid) => mine.has(uid);
export const known = (uid) => kept.has(uid);
export const know = (uid) => kept.add(uid);

/** This window writes the draft from now on; a draft that is not there yet gets its row with the first save. */
async function own(uid, flush, lost) {
  await change([["drafts", uid]], ([row]) => {
    if (row) kept.add(uid);
    return row ? [["drafts", uid, { ...row, writer: tab }]] : [];
  });
  mine.set(uid, { flush, lost });
}

/**
 * {held, take(), release()} of a draft. `held`: whether this window may write it. `take` asks the other one to save and let go, and goes
 * on after a moment without an answer; the draft must be read again after it. `flush` saves what was typed here, `lost` is called when
 * another window has taken the draft.
 */
export async function open(uid, flush, lost) {
  const lease = {
    held: mine.has(uid) || !(await ask("who", uid)),
    async take() {
      await ask("give", uid);
      await own(uid, flush, lost);
      lease.held = true;
    },
    release: () => release(uid),
  };
  if (lease.held) await own(uid, flush, lost);
  return lease;
}

export function release(uid) {
  kept.delete(uid);
  mine.delete(uid);
}

/** Other windows should look at their lists again. */
export function changed() {
  say({ kind: "changed" });
  tell("changed", {});
}

if (channel) {
  channel.onmessage = async ({ data: { kind, uid, from, to, about } }) => {
    if (kind === "changed") tell("changed", {});
    if (to === tab && waiting.has(about + uid)) waiting.get(about + uid)();
    const lease = mine.get(uid);
    if (!lease || to) return;
    if (kind === "give") {
      await Promise.resolve(lease.flush()).catch(() => {}); // what cannot be saved stays on the screen of this window
      mine.delete(uid);
      lease.lost();
    }
    say({ kind: "yes", uid, to: from, about: kind });
  };
}
