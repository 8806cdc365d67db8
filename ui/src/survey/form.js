// The page of a survey form: finds the draft, hands it to the wizard.
import { byId } from "./board.js";
import { make, say } from "./fields.js";
import { large } from "./large.js";
import { begin } from "./state.js";
import { lost } from "./keeping.js";
import { start } from "./wizard.js";
import { uuid } from "./crypto.js";
import { chooseKeeper } from "./keeper.js";

const json = (id) => JSON.parse(byId(id).textContent);

/** What stands behind # in the address: {household, draft, field, channel}. */
const asked = (hash) => Object.fromEntries(new URLSearchParams(hash.slice(1)));

function stop(sentence) {
  byId("gate-text").textContent = "";
  byId("gate-text").append(make("p", { className: "note note--warn" }, sentence));
}

async function draftOf(keeper, hop, form, words) {
  const known = hop.draft ? await keeper.draft(hop.draft) : null;
  const household = hop.household || (known && known.household);
  const entry = household ? await keeper.entry(household) : null;
  if (known) return { draft: known, entry };
  if (!household) return {};
  const [open] = await keeper.drafts(household);
  if (open) return { draft: open, entry };
  if (!entry) return {};
  if (entry.waiting) throw { say: words.waiting_here };
  return { draft: begin(entry, { form, channel: hop.channel || (keeper.online ? "page" : "phone"), uid: uuid(), now: new Date() }), entry };
}

export async function main() {
  const words = json("words");
  const definition = json("definition");
  const hop = asked(location.hash);
  addEventListener("hashchange", () => location.reload());
  large();
  try {
    const form = `${definition.code}@${definition.version}`;
    const keeper = await chooseKeeper(words, hop);
    const { draft, entry } = await draftOf(keeper, hop, form, words);
    if (!draft) return stop(hop.household || hop.draft ? words.no_household : words.no_choice);
    if (draft.form !== form) return location.replace(`../../${draft.form.replace("@", "/")}/${location.hash}`);
    if (hop.channel) draft.channel = hop.channel;
    const lease = await keeper.lease(draft.uid, lost);
    byId("mode").hidden = !keeper.online;
    byId("mode").textContent = keeper.online ? words.online : "";
    start({ definition, words, draft, entry, keeper, lease, ids: uuid, hop: hop.field });
  } catch (error) {
    stop(error.say || say(words.broken));
  }
}
