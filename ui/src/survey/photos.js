// Photos and signatures as they are kept: encrypted, tied to a survey (shrink.js has made them small). Row "m<uid>" of `photos` describes
// one {uid, owner, survey, path, single, size, sha256, made, op, state, got}, row "d<uid>" is the picture itself.

import { openBytes, sealBytes, sha256, uuid } from "./crypto.js";
import { all, change, one } from "./db.js";
import { own, vault } from "./vault.js";

/**
 * Keep a picture for a field of a survey; it is on the disk when this resolves. `single` fields (a signature) have at most one:
 * the earlier goes. Answers {uid, size}.
 */
export async function add(survey, path, blob, single = false) {
  const data = await blob.arrayBuffer();
  const uid = uuid();
  const row = { uid, owner: vault.me.username, survey, path, single, size: data.byteLength, sha256: await sha256(data), made: Date.now() };
  const box = await sealBytes(vault.key, uid, data);
  const earlier = single ? (await list(survey)).filter((other) => other.path === path) : [];
  await change([], () => [["photos", "m" + uid, { ...row, op: null, state: "new", got: 0 }], ["photos", "d" + uid, box],
    ...earlier.flatMap((other) => rowsOf(other.uid))]);
  return { uid, size: data.byteLength };
}

const rowsOf = (uid) => [["photos", "m" + uid, undefined], ["photos", "d" + uid, undefined]];

/** Rows that describe the pictures of a survey, oldest first; of all surveys of this user without one. */
export async function list(survey) {
  const found = (await all("photos", "m")).filter((row) => own(row) && (!survey || row.survey === survey));
  return found.sort((a, b) => a.made - b.made);
}

/** Take a picture away; one that already goes with a finished survey stays. */
export function remove(uid) {
  return change([["photos", "m" + uid]], ([row]) => row && !row.op && rowsOf(uid));
}

export const without = rowsOf;

/** The picture's bytes, or null when this phone has it no more. */
export async function bytesOf(uid) {
  const box = await one("photos", "d" + uid);
  return box ? openBytes(vault.key, uid, box) : null;
}
