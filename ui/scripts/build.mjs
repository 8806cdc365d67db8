// app.css and app.js for every page; survey.css and survey.js for a form page, survey-more.js when something of it is first used,
// survey-office.js where one types in the office; sign.js where a household signs; collect.js for the phone's home page, visit.js for its
// visit log, worker.js for the service worker of all three; named without a hash because Django's manifest storage adds one.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { basename, dirname, join } from "node:path";
import * as esbuild from "esbuild";
import { minify } from "terser";

export const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
export const out = join(ui, "..", "build", "ui");
export const target = ["chrome80", "safari15", "firefox78"];

const options = {
  outdir: out,
  bundle: true,
  minify: true,
  target,
  format: "iife",
  charset: "utf8",
  logLevel: "warning",
};
// A second look at the scripts: 3 % less on the way to a phone.
const smaller = { ecma: 2020, toplevel: true, compress: { passes: 3 } };
const entries = (...names) => names.map((name) => join(ui, "src", name));

// survey-more.js and survey-office.js run beside survey.js: what it hangs on its name is there already. A name it does not share fails here.
const lists = readFileSync(join(ui, "src", "survey.js"), "utf8").matchAll(/^  (\w+): \{ (.+) \},$/gm);
const names = new Map([...lists].map(([, module, shared]) => [module, shared]));
const shared = {
  name: "shared",
  setup(build) {
    build.onLoad({ filter: /(survey.\w+|idcard)\.js$/ }, ({ path }) => {
      const module = basename(path, ".js");
      return names.has(module) ? { contents: `export const { ${names.get(module)} } = self.survey.${module};` } : null;
    });
  },
};

const pages = { ...options, entryPoints: entries("app.css", "app.js", "survey.css", "survey.js", "collect.js", "visit.js", "worker.js", "sign.js") };
const beside = { ...options, entryPoints: entries("survey-more.js", "survey-office.js"), plugins: [shared] };

if (process.argv.includes("--watch")) {
  for (const each of [pages, beside]) await (await esbuild.context({ ...each, minify: false, sourcemap: "inline" })).watch();
} else {
  const built = await Promise.all([pages, beside].map((each) => esbuild.build({ ...each, write: false })));
  mkdirSync(out, { recursive: true });
  for (const { path, text } of built.flatMap(({ outputFiles }) => outputFiles)) {
    writeFileSync(path, path.endsWith(".js") ? (await minify(text, smaller)).code : text);
  }
}
