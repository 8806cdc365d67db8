// One tab writes a draft. Who opens it asks the others over a channel; nobody answers: the draft is free. Who writes is noted in the row
// itself, and every save checks it, so that a tab that slept through the question can overwrite nothing.

import { uuid } from "./crypto.js";
import { tell } from "./db.js";

export const tab = uuid();
const ANSWER = 500; // ms another tab has to say that it is writing
const mine = new Map(); // survey uid -> flush(): what must be saved before it is given away
const waiting = new Map(); // question -> what its answer does
const channel = self.BroadcastChannel ? new BroadcastChannel("yihu-drafts") : null;

const say = (message) => channel && channel.postMessage({ ...message, from: tab });

function ask(kind, uid) {
  return new Promise((done) => {
    if (!channel) return done(false);
    const timer = setTimeout(() => done(false), ANSWER);
    waiting.set(kind + uid, () => {
      clearTimeout(timer);
      done(true);
    });
    say({ kind, uid });
  }).finally(() => waiting.delete(kind + uid));
}

/** Whether another tab has this draft open for writing. */
export const taken = (uid) => ask("who", uid);

/** Ask the other tab to save and let go; goes on after a moment without an answer. */
export const demand = (uid) => ask("give", uid);

/** From now on this tab answers for the draft. `flush` saves what was typed and not yet saved. */
export function hold(uid, flush) {
  mine.set(uid, flush);
}

export function release(uid) {
  if (mine.delete(uid)) say({ kind: "free", uid });
}

export const holds = (uid) => mine.has(uid);

if (channel) {
  channel.onmessage = async ({ data: { kind, uid, from, to } }) => {
    if (to && to !== tab) return;
    if (kind === "who" && mine.has(uid)) say({ kind: "yes", uid, to: from, about: "who" });
    else if (kind === "give" && mine.has(uid)) {
      await Promise.resolve(mine.get(uid)()).catch(() => {});
      mine.delete(uid);
      tell("lease", { uid, mine: false });
      say({ kind: "yes", uid, to: from, about: "give" });
    } else if (kind === "yes") ["who", "give"].forEach((about) => waiting.has(about + uid) && waiting.get(about + uid)());
    else if (kind === "free") tell("lease", { uid, mine: false, free: true });
    else if (kind === "changed") tell("changed", {});
  };
  addEventListener("pagehide", () => [...mine.keys()].forEach(release));
}

/** Other tabs should look at their lists again. */
export function changed() {
  say({ kind: "changed" });
  tell("changed", {});
}
