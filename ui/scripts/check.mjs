// Keeps what is shipped readable for the oldest supported engines and small enough for a village network.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import * as acorn from "acorn";
import { fileURLToPath } from "node:url";

const ui = join(fileURLToPath(import.meta.url), "..", "..");
const out = join(ui, "..", "build", "ui");
// Bytes after gzip. survey.js is every script that a form page loads by itself: what survey-more.js and survey-office.js hold comes when it
// is first used, and is no part of it.
const KB = 1024;
const BUDGET = {
  "app.css": 12 * KB, "app.js": 8 * KB, "survey.js": 20 * KB, "survey-more.js": 6 * KB, "survey-office.js": 5 * KB, "survey.css": 4 * KB,
  "collect.js": 16 * KB, "visit.js": 16 * KB, "worker.js": KB, "sign.js": KB,
};
const ALWAYS = { "survey.js": "form_shell.html" }; // the script of a page -> its template, which may name no other
const ECMA = 2020; // what Chromium 80 parses

// name -> pattern; the text has no comments and no strings any more
const TOO_NEW = {
  "gap (flex gap is missing; write grid-gap in grids and margins in flex)": /(?<![-\w])(?:row-|column-)?gap\s*:/,
  ":is() :where() :has()": /:(?:is|where|has)\(/,
  inset: /(?<![-\w])inset\s*:/,
  "logical properties": /(?<![-\w])(?:margin|padding|border|inset)-(?:inline|block)/,
  "aspect-ratio": /(?<![-\w])aspect-ratio\s*:/,
  "@layer": /@layer\b/,
  "@container": /@container\b/,
  "@property": /@property\b/,
  "color-mix() oklch() lab()": /\b(?:color-mix|oklch|oklab|lab|lch)\(/,
  "dvh svh lvh": /\d(?:dvh|svh|lvh|dvw|svw|lvw)\b/,
  "nesting &": /&/,
  "content-visibility": /content-visibility\s*:/,
};

const problems = [];

function strip(css) {
  return css.replace(/\/\*[\s\S]*?\*\//g, (text) => text.replace(/[^\n]/g, " ")).replace(/"[^"\n]*"|'[^'\n]*'/g, '""');
}

function nested(css) {
  const open = [];
  for (const piece of css.match(/[^{}]*[{}]/g) || []) {
    if (piece.endsWith("}")) open.pop();
    else {
      const head = piece.slice(0, -1).split(";").pop().trim();
      if (!head.startsWith("@") && open.some((one) => !one.startsWith("@"))) return head;
      open.push(head);
    }
  }
  return "";
}

function checkCss(path, name) {
  const css = strip(readFileSync(path, "utf8"));
  for (const [what, pattern] of Object.entries(TOO_NEW)) {
    const at = css.search(pattern);
    if (at >= 0) problems.push(`${name}:${css.slice(0, at).split("\n").length}: too new: ${what}`);
  }
  const rule = nested(css);
  if (rule) problems.push(`${name}: nested rule: ${rule}`);
}

function checkJs(path, name, sourceType, ours = true) {
  const text = readFileSync(path, "utf8");
  try {
    acorn.parse(text, { ecmaVersion: sourceType === "script" ? ECMA : 2022, sourceType, locations: true });
  } catch (error) {
    problems.push(`${name}: does not parse as ES${ECMA}: ${error.message}`);
  }
  if (ours && /\beval\(|new Function\(|localStorage|\.innerHTML\s*=|\.at\(-|replaceAll\(|structuredClone|Object\.hasOwn|randomUUID/.test(text)) {
    problems.push(`${name}: uses something the policy or the oldest engine refuses`);
  }
}

const files = (folder) =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });

for (const path of files(join(ui, "src"))) {
  const name = path.slice(ui.length + 1);
  if (name.endsWith(".css")) checkCss(path, name);
  if (name.endsWith(".js")) checkJs(path, name, "module");
  readFileSync(path, "utf8")
    .split("\n")
    .forEach((line, number) => {
      if (line.length > 140) problems.push(`${name}:${number + 1}: line longer than 140 characters`);
      if (/\s$/.test(line)) problems.push(`${name}:${number + 1}: space at the end of the line`);
      if (/\t/.test(line)) problems.push(`${name}:${number + 1}: tab`);
    });
}
for (const path of files(out)) {
  const name = path.slice(out.length + 1);
  if (name.endsWith(".css")) checkCss(path, `build/ui/${name}`);
  if (name.endsWith(".js")) checkJs(path, `build/ui/${name}`, "script");
  const size = gzipSync(readFileSync(path)).length;
  if (BUDGET[name] && size > BUDGET[name]) problems.push(`build/ui/${name}: ${size} bytes gzipped, more than ${BUDGET[name]}`);
}
for (const [name, template] of Object.entries(ALWAYS)) {
  const text = readFileSync(join(ui, "..", "templates", "surveys", template), "utf8");
  const loaded = [...text.matchAll(/<script[^>]*? src="\{% static '([^']+)'/g)].map((found) => found[1]);
  if (String(loaded) !== name) problems.push(`${template} loads ${loaded}: all of it counts as ${name}`);
}
// Other scripts that pages load (htmx comes with a Python package): their paths are given as arguments.
for (const path of process.argv.slice(2)) checkJs(path, path, "script", false);
if (/"resolved"/.test(readFileSync(join(ui, "package-lock.json"), "utf8"))) problems.push("package-lock.json names addresses");

if (problems.length) {
  console.error(problems.join("\n"));
  process.exitCode = 1;
} else console.log("ui: sources, floor and sizes are in order");
