// Scripts that a form needs only sometimes: they run beside this one and use its modules (scripts/build.mjs).
import { byId, form, more, on, sectionOf } from "./board.js";
import { make } from "./fields.js";
import { tell } from "./keeping.js";

/** Fetch a script. Rejects where it cannot be had. */
export const bring = (src) => new Promise((onload, onerror) => document.head.append(make("script", { src, onload, onerror })));

let coming = null;

/** Do what needs survey-more.js: at once where it is here. Where it cannot be had a sentence says so, and a button tries again. */
export async function need(work) {
  if (!more.end) {
    try {
      await (coming = coming || bring(form().dataset.moreSrc));
    } catch {
      coming = null;
      tell(on.words.part, on.words.retry, () => {
        byId("note").hidden = true;
        sectionOf(on.at.step).querySelector("h1").focus();
        need(work);
      });
      return byId("note").focus();
    }
  }
  return work();
}
