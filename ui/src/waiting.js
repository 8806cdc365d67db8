// [data-unsent]: how many records lie on this phone alone, where there are any.
import { count, database } from "./kept.js";

document.addEventListener("DOMContentLoaded", async () => {
  const note = document.querySelector("[data-unsent]");
  const db = note && (await database().catch(() => null));
  if (!db) return;
  const { waiting, drafts } = await count(db);
  db.close();
  note.firstElementChild.textContent = note.dataset.unsent.replace("{n}", waiting + drafts);
  note.hidden = !(waiting + drafts);
});
