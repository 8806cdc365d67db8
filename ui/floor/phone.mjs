// One visit of the oldest browser: node phone.mjs VISIT URL PROFILE [USER PASSWORD]. Prints what was seen as JSON; what the pages complained
// about is in `said`. Visits: register (log in, get the list, look at the first pages), fill (without a server: a whole survey and a visit), send (with one again).
import { open } from "./browser.mjs";

const [visit, url, profile, user, password] = process.argv.slice(2);
const { browser, page, said } = await open(profile);
page.setDefaultTimeout(120000);

const PIN = "280916";
const text = (selector) => page.$eval(selector, (node) => node.textContent.trim());
const chip = (state) => page.waitForSelector(`#chip[data-state="${state}"]${state === "done" ? '[data-look="ok"]' : ""}`);
const list = (selector) => page.$$eval(selector, (nodes) => nodes.map((node) => node.textContent.trim()));

async function type(selector, words) {
  await page.waitForSelector(selector, { visible: true });
  await page.focus(selector);
  await page.keyboard.type(words);
}

/** A tap where a thumb can reach it: not under the bar at the bottom. */
async function tap(selector) {
  await page.waitForSelector(selector, { visible: true });
  await page.$eval(selector, (node) => node.scrollIntoView({ block: "center" }));
  await page.click(selector);
}

/** A file, as the browser's own dialog gives it: puppeteer's way fetches a data: address, which the page's policy refuses. */
async function choose(selector, path) {
  const session = await page.target().createCDPSession();
  const { root } = await session.send("DOM.getDocument");
  const { nodeId } = await session.send("DOM.querySelector", { nodeId: root.nodeId, selector });
  await session.send("DOM.setFileInputFiles", { nodeId, files: [path] });
}

/** The browser has been closed: the PIN is asked once, and not again between two pages. */
async function unlock() {
  await page.goto(`${url}/collect/`);
  await type("#pin", PIN);
  await page.click("#lock-pin button");
  await page.waitForSelector("#lock[hidden]");
}

const visits = {
  async register() {
    await page.goto(`${url}/collect/`);
    await page.type("[name=username]", user);
    await page.type("[name=password]", password);
    await Promise.all([page.waitForNavigation(), page.click("main form button")]);
    await chip("done");
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => true));
    await tap("#pin-change");
    await type("#pin-new", PIN);
    await type("#pin-again", PIN);
    await tap("#pin-set .btn--p");
    await page.waitForSelector("#pin-set[hidden]");
    await page.waitForFunction(() => document.getElementById("device-say").textContent.includes("PIN"));
    await page.waitForSelector("#mine [data-name]");
    const households = await list("#mine [data-name]");
    for (const path of ["/", "/households/", "/collect/"]) {
      const answer = await page.goto(url + path);
      if (!answer.ok()) throw new Error(`${path}: ${answer.status()}`);
    }
    return { households, cookies: await page.cookies() };
  },

  async fill() {
    await unlock();
    await chip("offline");
    await page.waitForSelector("#mine [data-way=survey]");
    await Promise.all([page.waitForNavigation(), tap("#mine [data-way=survey]")]);
    await page.waitForSelector("#survey:not([hidden])");
    await type("#f-wish", "旧手机也能填");
    await page.evaluate(() => self.survey.keeping.save().then(() => null));
    await page.waitForFunction(() => document.getElementById("saved").textContent.includes("已存"));
    await page.reload();
    await page.waitForSelector("#survey:not([hidden])");
    const kept = await page.$eval("#f-wish", (box) => box.value);
    while (!(await page.$eval("[data-step=evidence]", (step) => !step.hidden))) await page.click("#next");
    await choose("[data-f=house_photo] input[type=file]", process.env.PHOTO);
    await page.waitForSelector(".sv-photos li canvas");
    await page.click("#next");
    await page.click("#next");
    await page.waitForFunction(() => document.getElementById("gate-title").textContent.includes("已完成"));
    await page.goto(`${url}/collect/`);
    await page.waitForSelector("#mine [data-way=visit]");
    await Promise.all([page.waitForNavigation(), tap("#mine [data-way=visit]")]);
    await page.waitForSelector("#visit:not([hidden])");
    await tap("label[for=met-elder]");
    await type("#text", "旧手机也能记走访");
    await choose("#photos", process.env.PHOTO);
    await page.waitForSelector(".sv-photos li canvas");
    await page.click("#save");
    await page.waitForFunction(() => document.getElementById("gate-title").textContent.includes("已记下"));
    await page.goto(`${url}/collect/`);
    await page.waitForSelector("#unsent-list li:nth-child(2)");
    await chip("offline");
    return { kept, unsent: await list("#unsent-list [data-name]"), chip: await text("#chip") };
  },

  async send() {
    // This engine writes cookies to the disk half a minute late and may be closed before, which no phone in a pocket is: here they are again.
    await page.setCookie(...JSON.parse(user));
    await unlock();
    await page.waitForSelector("#unsent[hidden]");
    await chip("done");
    await page.waitForSelector("#sent-list li:nth-child(2)");
    return { sent: await list("#sent-list b") };
  },
};

try {
  const seen = await visits[visit]();
  console.log(JSON.stringify({ version: await browser.version(), said, ...seen }));
} catch (error) {
  console.log(JSON.stringify({ said, error: String(error), at: page.url(), page: await page.$eval("body", (body) => body.innerText) }));
  process.exitCode = 1;
} finally {
  await browser.close();
}
