// The form page. What survey-more.js and survey-office.js use of it hangs on one name (scripts/build.mjs reads this list).
import { read } from "./idcard.js";
import { answer, line, paint, sentenceOf, wrong, wrongOf } from "./survey/around.js";
import { Unreached, call, ping } from "./survey/api.js";
import { acts, boxes, byId, form, more, on, pathFor, touched, word } from "./survey/board.js";
import { uuid } from "./survey/crypto.js";
import { focusable, make, shown } from "./survey/fields.js";
import { main } from "./survey/form.js";
import { later, save, trouble } from "./survey/keeping.js";
import { addCard, nameOf, parts, repeated } from "./survey/people.js";
import { alike, day, pathOf, split } from "./survey/state.js";
import { CHECK, progress, refresh, show } from "./survey/steps.js";

self.survey = {
  api: { Unreached, call, ping },
  around: { answer, line, paint, sentenceOf, wrong, wrongOf },
  board: { acts, boxes, byId, form, more, on, pathFor, touched, word },
  crypto: { uuid },
  fields: { focusable, make, shown },
  idcard: { read },
  keeping: { later, save, trouble },
  people: { addCard, nameOf, parts, repeated },
  state: { alike, day, pathOf, split },
  steps: { CHECK, progress, refresh, show },
};
main();
