// Which keeper: this phone where it can keep drafts and has the household, else the server.
import { uuid } from "./crypto.js";
import { onlineKeeper } from "./online.js";
import { start } from "./phone.js";

export { uuid };

/** `hop` is what the address asks for. Waits while the phone is locked. Paper is typed in the office: straight to the server. */
export async function chooseKeeper(words, { channel, draft, household }) {
  const phone = channel === "paper" ? null : await start();
  if (phone) {
    if (draft && (await phone.draft(draft))) return phone;
    if (household && (await phone.entry(household))) return phone;
    if (!household) return phone;
  }
  const server = onlineKeeper(words);
  await server.open();
  return server;
}
