// What a form needs only sometimes, fetched when it is first used (bring.js): members who come and go, what an
// ID number says, photos, the signature, the last page.
// The modules it shares with survey.js are those that run there (scripts/build.mjs).
import { paint } from "./survey/around.js";
import { boxes, more, on } from "./survey/board.js";
import { checkPage } from "./survey/checkpage.js";
import { end } from "./survey/ending.js";
import { identity } from "./survey/identity.js";
import { moved } from "./survey/moves.js";
import { choose, paintPhotos } from "./survey/pictures.js";
import { paintSignature } from "./survey/signature.js";

Object.assign(more, { checkPage, choose, end, identity, moved, paint: { photo: paintPhotos, signature: paintSignature } });
for (const path of boxes.keys()) if (more.paint[on.state.field(path).type]) paint(path);
