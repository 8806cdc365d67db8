// Log-out on a phone that keeps records: what is not uploaded is counted first, and the pack and the key go with the session.
import { count, database } from "./kept.js";

const GOING = /^(me$|key:|wrap:|pack:)/;

/** Remove packs and keys. The key of a phone that the server does not know yet is the only one: it stays. */
function purge(db) {
  return new Promise((done) => {
    const transaction = db.transaction(["keep"], "readwrite");
    const store = transaction.objectStore("keep");
    store.getAllKeys().onsuccess = ({ target }) => {
      for (const key of target.result.filter((name) => GOING.test(name))) {
        const owner = /^(key|wrap):/.test(key) && key.slice(key.indexOf(":") + 1);
        if (!owner) store.delete(key);
        else store.get(`device:${owner}`).onsuccess = (event) => event.target.result && event.target.result.registered && store.delete(key);
      }
    };
    transaction.oncomplete = transaction.onabort = () => done();
  });
}

function ask(form, found, leave) {
  const words = form.dataset;
  const note = document.createElement("div");
  note.className = "note note--warn stack";
  note.setAttribute("role", "alertdialog");
  const line = document.createElement("p");
  line.id = "leaving";
  line.textContent = words.say.replace("{n}", found.waiting).replace("{m}", found.drafts);
  note.setAttribute("aria-labelledby", line.id);
  const [stay, go, buttons] = [document.createElement("a"), document.createElement("button"), document.createElement("div")];
  stay.className = "btn btn--p";
  stay.href = words.upload;
  stay.textContent = words.stay;
  go.type = "button";
  go.className = "btn btn--d";
  go.textContent = words.go;
  go.addEventListener("click", leave);
  buttons.className = "btns";
  buttons.append(stay, go);
  note.append(line, buttons);
  const place = document.getElementById("messages");
  place.textContent = "";
  place.append(note);
  if (location.hash === "#menu") location.hash = "main"; // the drawer covers what is asked
  place.scrollIntoView({ block: "center" });
  stay.focus();
}

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (!form.matches("form[data-logout]")) return;
  event.preventDefault();
  delete form.dataset.sent;
  const db = await database().catch(() => null);
  if (!db) return form.submit();
  const found = await count(db);
  const leave = async () => {
    await purge(db);
    db.close();
    form.submit();
  };
  return found.waiting + found.drafts ? ask(form, found, leave) : leave();
});
