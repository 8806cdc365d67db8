// Which keeper: this phone where it can keep drafts and has the household, else the server.
import { form, on } from "./board.js";
import { bring } from "./bring.js";
import { mend } from "./mend.js";
import { start } from "./phone.js";

/** `hop` is what the address asks for. Waits while the phone is locked. Paper is typed in the office: straight to the server. */
export async function chooseKeeper(words, { channel, draft, household }) {
  const phone = channel === "paper" ? null : await start(mend);
  if (phone && ((draft && (await phone.draft(draft))) || !household || (await phone.entry(household))?.form)) return phone;
  await bring(form().dataset.office);
  const { keyboard, onlineKeeper } = self.survey.office;
  const server = onlineKeeper(words);
  await server.open();
  on.keyboard = keyboard;
  return server;
}
