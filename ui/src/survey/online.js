// The keeper where this device can keep nothing itself: drafts lie on the server, photos go there at once (docs/surveys.md).
import { Unreached, call, ping } from "./api.js";
import { uuid } from "./crypto.js";
import { sha256 } from "./sha256.js";

const PIECE = 64 * 1024;

/** An error with a sentence for the user. */
const failure = (say, more = {}) => Object.assign(new Error(say), { say, ...more });

/** `words` of the page. */
export function onlineKeeper(words) {
  const pictures = new Map(); // uid -> Blob, of this page
  const entries = new Map();
  let latest = null;
  let sending = null;

  async function ask(method, path, body, headers) {
    let answer;
    try {
      answer = await call(method, path, body, headers);
    } catch (error) {
      throw error instanceof Unreached ? failure(words.unreached, { again: true }) : error;
    }
    if (answer.status === 401) throw failure(words.signed_out, { again: true });
    const { status, data } = answer;
    if (status >= 400 && status !== 404 && status !== 409) throw failure(data.say || words.trouble, data);
    return answer;
  }

  /** The newest record goes; one at a time, and what came meanwhile after it. */
  async function drain() {
    while (latest) {
      const draft = latest;
      latest = null;
      try {
        await ask("PUT", `drafts/${draft.uid}/`, draft);
      } catch (error) {
        latest = latest || draft;
        throw error;
      }
    }
  }

  return {
    online: true,
    wait: 1500, // ms: every key is too often for a village network
    open: async () => {
      const answer = await ping().catch(() => Promise.reject(failure(words.unreached)));
      if (answer.status === 401) throw failure(words.signed_out);
      return answer.data;
    },
    async entry(household) {
      if (!entries.has(household)) {
        const { data } = await ask("POST", "pack/", { household });
        for (const one of data.households || []) entries.set(one.uid, { year: data.year, ...one });
      }
      return entries.get(household) || null;
    },
    async drafts(household) {
      const { survey } = (await this.entry(household)) || {};
      const draft = survey && survey.state === "draft" ? await this.draft(survey.uid) : null;
      return draft ? [draft] : [];
    },
    async draft(uid) {
      const { status, data } = await ask("GET", `drafts/${uid}/`);
      return status === 404 ? null : data.draft || data;
    },
    save(draft) {
      latest = draft;
      sending = (sending || Promise.resolve()).catch(() => {}).then(drain);
      return sending;
    },
    async finish(body) {
      const op = { uid: uuid(), kind: "survey.submit", made_at: new Date().toISOString(), body };
      const { data } = await ask("POST", "ops/", { ops: [op] });
      const [receipt] = data.receipts;
      if (receipt.state !== "applied" && receipt.state !== "quarantined") throw failure(receipt.say || words.trouble, receipt);
      return receipt;
    },
    async addPhoto(survey, path, blob) {
      const uid = uuid();
      const bytes = await blob.arrayBuffer();
      const digest = sha256(bytes);
      let at = 0;
      while (at < bytes.byteLength) {
        const headers = {
          "Upload-Offset": String(at), "Upload-Length": String(bytes.byteLength), "Upload-Sha256": digest,
          "Upload-Survey": survey, "Upload-Path": path,
        };
        const { data } = await ask("PUT", `photos/${uid}/`, bytes.slice(at, at + PIECE), headers);
        if (data.state === "refused" || !(data.received > at)) throw failure(data.say || words.not_a_photo);
        at = data.received;
      }
      pictures.set(uid, blob);
      return { uid, size: bytes.byteLength };
    },
    photo: async (uid) => pictures.get(uid) || null,
    dropPhoto: async (uid) => pictures.delete(uid),
    lease: async () => ({ held: true, take: async () => {}, release() {} }),
  };
}
