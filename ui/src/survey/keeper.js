// Which keeper: this phone where it can keep drafts and has the household, else the server.
import { form, on } from "./board.js";
import { make } from "./fields.js";
import { start } from "./phone.js";

/** survey-office.js, fetched where it is needed. */
function office() {
  return new Promise((done, fail) => {
    const src = form().dataset.office;
    document.head.append(make("script", { src, onload: () => done(self.survey.office), onerror: fail }));
  });
}

/** `hop` is what the address asks for. Waits while the phone is locked. Paper is typed in the office: straight to the server. */
export async function chooseKeeper(words, { channel, draft, household }) {
  const phone = channel === "paper" ? null : await start();
  if (phone && ((draft && (await phone.draft(draft))) || !household || (await phone.entry(household)))) return phone;
  const { keyboard, onlineKeeper } = await office();
  const server = onlineKeeper(words);
  await server.open();
  on.keyboard = keyboard;
  return server;
}
