// After a kill between a picture and the next save of a survey: a picture without an answer is put back, an answer without a picture taken
// out.

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** The draft record, mended. `pictures` are the rows that lie on this phone for it. */
export function mend(found, pictures) {
  const shots = new Map(pictures.map((row) => [row.uid, row]));
  const answered = new Set();
  const members = found.answers.members || [];
  for (const values of [found.answers.values, ...members.map((one) => one.values), found.at?.aside || {}]) {
    for (const [name, answer] of Object.entries(values)) {
      const uids = [].concat(answer).filter((one) => UUID.test(one));
      uids.forEach((one) => answered.add(one));
      const there = uids.filter((one) => shots.has(one) || found.revision > 0); // a returned survey's photos are on the server
      if (there.length === uids.length) continue;
      if (Array.isArray(answer) && there.length) values[name] = there;
      else delete values[name];
    }
  }
  for (const shot of shots.values()) {
    if (answered.has(shot.uid) || shot.op) continue;
    const [who, name] = shot.path.includes("/") ? shot.path.split("/") : ["", shot.path];
    const holder = who ? members.find((one) => one.uid === who) : found.answers;
    if (holder) holder.values[name] = shot.single ? shot.uid : [...(holder.values[name] || []), shot.uid];
  }
  return found;
}
