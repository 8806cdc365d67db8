// What this phone keeps, for pages that are not below /collect/: they know the database of survey/db.js by its rows only.
import { UNSENT } from "./survey/unsent.js";

/** The database of the phone, or null where it has none. */
export function database() {
  return new Promise((done) => {
    if (!self.indexedDB) return done(null);
    const request = indexedDB.open("yihu");
    request.onupgradeneeded = () => request.transaction.abort(); // there is none, and none is made
    request.onerror = () => done(null);
    request.onsuccess = () => done(request.result.objectStoreNames.contains("keep") ? request.result : null);
  });
}

/** {waiting, drafts} of everybody on this phone. */
export function count(db) {
  return new Promise((done) => {
    const found = { waiting: 0, drafts: 0 };
    const transaction = db.transaction(["ops", "drafts"]);
    transaction.objectStore("ops").getAll().onsuccess = ({ target }) => {
      found.waiting = target.result.filter((op) => UNSENT.includes(op.state)).length;
    };
    transaction.objectStore("drafts").count().onsuccess = ({ target }) => (found.drafts = target.result);
    transaction.oncomplete = () => done(found);
    transaction.onabort = () => done(found);
  });
}
