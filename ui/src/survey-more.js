// What a form needs only after it is open: finding what is wrong, buttons of fields and members, photos, the signature, the last page.
// The modules it shares with survey.js are those that run there (scripts/build.mjs).
import { alone, identity, unchoose } from "./survey/acts.js";
import { check } from "./survey/answers.js";
import { paint } from "./survey/around.js";
import { boxes, more, on } from "./survey/board.js";
import { checkPage } from "./survey/checkpage.js";
import { end } from "./survey/ending.js";
import { moved } from "./survey/moves.js";
import { choose, paintPhotos } from "./survey/pictures.js";
import { paintSignature } from "./survey/signature.js";
import { examiner } from "./survey/state.js";
import { refresh } from "./survey/steps.js";

examiner.check = check;
const paints = { photo: paintPhotos, signature: paintSignature };
Object.assign(more, { alone, checkPage, choose, end, identity, moved, unchoose, paint: paints });
if (on.state) {
  for (const path of boxes.keys()) paint(path);
  refresh();
}
