// The page where a visit is written down: finds the household and the draft, hands them to visit/page.js.
import { call, ping } from "./survey/api.js";
import { byId, on, word } from "./survey/board.js";
import { uuid } from "./survey/crypto.js";
import { day } from "./survey/day.js";
import { make } from "./survey/fields.js";
import { lost } from "./survey/keeping.js";
import { large } from "./survey/large.js";
import { lend } from "./survey/outbox.js";
import { start } from "./survey/phone.js";
import * as store from "./survey/store.js";
import { facts, order } from "./visit/due.js";
import { open } from "./visit/page.js";
import { begin, KIND, mend } from "./visit/visit.js";

/** What stands behind # in the address: {household, draft, manner}. */
const asked = (hash) => Object.fromEntries(new URLSearchParams(hash.slice(1)));

function stop(sentence, link) {
  byId("gate-text").textContent = "";
  byId("gate-text").append(make("p", { className: "note note--warn" }, sentence, link || ""));
}

/** A household that the list of this phone has not: the server is asked for it alone, and it goes along while this page is open. */
async function fetched(household) {
  const ask = async () => {
    await ping(); // a fresh token
    return call("POST", "pack/", { household });
  };
  const answer = await ask().catch(() => null);
  const [found] = (answer && answer.status < 300 && answer.data.households) || [];
  if (!found) return null;
  await lend(found);
  return found;
}

/** Whom one visits, the most urgent first. */
async function choose() {
  const pack = await store.pack();
  const homes = order(pack ? pack.households : [], day(new Date()));
  if (!homes.length) return stop(on.words[pack ? "no_households" : "no_pack"]);
  const list = byId("pick-list");
  const row = (home) => {
    const link = make("a", { className: "row", href: `#household=${home.uid}` });
    const { text, late } = facts(home, day(new Date()), on.words);
    link.append(make("span", { className: "row__t" }, home.householder), make("span", { className: late ? "row__s due" : "row__s" }, text));
    return make("li", {}, link);
  };
  const draw = () => {
    const wanted = byId("q").value.trim();
    const found = homes.filter((home) => !wanted || home.householder.includes(wanted));
    list.textContent = "";
    list.append(...found.map(row));
    byId("pick-none").hidden = found.length > 0;
  };
  byId("find").addEventListener("submit", (event) => event.preventDefault());
  byId("q").addEventListener("input", draw);
  draw();
  byId("gate-text").hidden = true;
  byId("pick").hidden = false;
  return null;
}

async function draftOf(keeper, hop) {
  const known = hop.draft ? await keeper.draft(hop.draft) : null;
  if (known) return known;
  if (hop.draft) return null;
  const [begun] = await keeper.drafts(hop.household);
  const manner = hop.manner === "call" ? "call" : "visit";
  return begun || begin({ uid: uuid(), household: hop.household, manner, now: new Date() });
}

async function main() {
  on.words = JSON.parse(byId("words").textContent);
  const hop = asked(location.hash);
  addEventListener("hashchange", () => location.reload());
  large();
  try {
    const keeper = await start(mend, KIND);
    if (!keeper) return stop(on.words.online_only, make("a", { href: byId("visit").dataset.online }, on.words.online_link));
    if (!hop.household && !hop.draft) return choose();
    const draft = await draftOf(keeper, hop);
    const home = draft && ((await keeper.entry(draft.household)) || (await fetched(draft.household)));
    if (!home) return stop(on.words[draft ? "no_household" : "no_draft"]);
    const lease = await keeper.lease(draft.uid, lost);
    return open({ draft, home, keeper, lease });
  } catch (error) {
    stop(error.say || word("broken"));
    if (!error.say) throw error;
  }
  return null;
}

main();
