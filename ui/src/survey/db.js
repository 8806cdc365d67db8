// IndexedDB "yihu": `one`, `all` and `change`.
//
// Every change is one transaction: the rows it decides by are read, `decide` answers at once with what is to be put or removed, and the
// promise resolves when all of it is on the disk, or rejects and nothing is.

const NAME = "yihu";
const VERSION = 1;
const STORES = ["drafts", "ops", "photos", "keep"];
const GONE = ["InvalidStateError", "UnknownError"]; // a connection that died in the background

export const events = new EventTarget();
export const tell = (name, detail) => events.dispatchEvent(new CustomEvent(name, { detail }));

/** What was typed and not yet saved: the page is left or hidden, another window takes over, another user has come. */
export async function flush() {
  const waits = [];
  tell("flush", { until: (promise) => waits.push(promise) });
  await Promise.all(waits);
}

/** A page that is too old for the database has said so, and does nothing any more. */
export function quiet(error) {
  if (error.name !== "VersionError") throw error;
}

let handle = null;
let outdated = false;

function connect() {
  if (outdated) return Promise.reject(new DOMException("", "VersionError"));
  return new Promise((done, fail) => {
    const request = indexedDB.open(NAME, VERSION);
    request.onupgradeneeded = () => {
      for (const name of STORES) if (!request.result.objectStoreNames.contains(name)) request.result.createObjectStore(name);
    };
    request.onerror = () => fail(request.error);
    request.onsuccess = () => {
      const db = request.result;
      // A newer page wants to upgrade: an old tab lets go at once and must be loaded again. Nothing is lost, everything is saved.
      db.onversionchange = () => {
        db.close();
        outdated = true;
        tell("reload", {});
      };
      db.onclose = () => (handle = null);
      done(db);
    };
  });
}

async function transact(names, mode, work, again = true) {
  try {
    handle = handle || connect();
    const transaction = (await handle).transaction(names, mode, { durability: "strict" });
    return await new Promise((done, fail) => {
      let answer;
      let reason;
      transaction.oncomplete = () => done(answer && answer.result);
      transaction.onabort = () => fail(reason || transaction.error || new DOMException("", "AbortError"));
      answer = work(transaction, (error) => {
        reason = error;
        transaction.abort();
      });
    });
  } catch (error) {
    handle = null;
    if (again && GONE.includes(error.name)) return transact(names, mode, work, false);
    throw error;
  }
}

const range = (prefix) => (prefix ? IDBKeyRange.bound(prefix, prefix + "\uffff") : undefined);

/** Whether anything may be kept on this phone: without encryption (plain HTTP) and without a database nothing is. */
export async function usable() {
  if (!self.indexedDB || !self.crypto || !crypto.subtle) return false;
  handle = handle || connect();
  return handle.then(() => true, (error) => {
    handle = null;
    if (error.name === "VersionError") tell("reload", {});
    return false;
  });
}

export const one = (store, key) => transact([store], "readonly", (t) => t.objectStore(store).get(key));

/** Every row of a store whose key begins with `prefix`. */
export const all = (store, prefix) => transact([store], "readonly", (t) => t.objectStore(store).getAll(range(prefix)));

function decided(reads, decide) {
  return transact(STORES, "readwrite", (t, stop) => {
    const rows = [];
    let left = reads.length;
    const apply = () => {
      try {
        for (const [store, key, value] of decide(rows) || []) {
          if (value === undefined) t.objectStore(store).delete(key);
          else t.objectStore(store).put(value, key);
        }
      } catch (error) {
        stop(error);
      }
    };
    reads.forEach(([store, key], place) => {
      t.objectStore(store).get(key).onsuccess = (event) => {
        rows[place] = event.target.result;
        if (--left === 0) apply();
      };
    });
    if (!left) apply();
  });
}

/**
 * One transaction. `reads` [[store, key]] are handed to `decide(rows)`, which answers `[[store, key, row or undefined to remove]]` or
 * throws: then nothing happens. When the disk is full the pack makes room, never a draft.
 */
export async function change(reads, decide) {
  try {
    return await decided(reads, decide);
  } catch (error) {
    if (error.name !== "QuotaExceededError") throw error;
    const packs = (await all("keep", "pack:")).map((row) => ["keep", `pack:${row.owner}`, undefined]);
    if (!packs.length) throw error;
    await decided([], () => packs);
    return decided(reads, decide);
  }
}

export const put = (store, key, row) => change([], () => [[store, key, row]]);
