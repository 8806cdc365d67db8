// What an ID number fills in.
import { read } from "../idcard.js";
import { answer, line } from "./around.js";
import { boxes, on } from "./board.js";
import { alike, pathOf, split } from "./state.js";

/** A whole ID number says birthday and sex. */
export function identity(path) {
  const number = on.state.get(path) || "";
  const found = read(number);
  if (found.wrong) return;
  const [uid] = split(path);
  for (const [name, value] of [[on.state.names.birth_date, found.birthday], [on.state.names.sex, found.sex === "male" ? "1" : "2"]]) {
    const other = pathOf(name, uid);
    const box = boxes.get(other);
    if (!box) continue;
    if (!alike(on.state.get(other), value)) answer(other, value, "filled");
    line(box, ".auto", on.words.from_id);
  }
}
