// app.css and app.js for every page; survey.css, survey.js and survey-more.js for a form page, survey-office.js where one types in the
// office; collect.js for the phone's home page, worker.js for the service worker of both; named without a hash because Django's manifest
// storage adds one.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { basename, dirname, join } from "node:path";
import * as esbuild from "esbuild";

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
const entries = (...names) => names.map((name) => join(ui, "src", name));

// survey-more.js and survey-office.js run beside survey.js: what these modules export is there already, under one name.
const shared = {
  name: "shared",
  setup(build) {
    build.onLoad({ filter: /(survey.(around|board|decimal|fields|keeping|people|rules|state|steps)|idcard)\.js$/ }, ({ path }) => {
      const names = [...readFileSync(path, "utf8").matchAll(/^export (?:async )?(?:const|function|class) (\w+)/gm)].map((found) => found[1]);
      return { contents: `export const { ${names.join(", ")} } = self.survey.${basename(path, ".js")};` };
    });
  },
};

const pages = { ...options, entryPoints: entries("app.css", "app.js", "survey.css", "survey.js", "collect.js", "worker.js") };
const beside = { ...options, entryPoints: entries("survey-more.js", "survey-office.js"), plugins: [shared] };

if (process.argv.includes("--watch")) {
  for (const each of [pages, beside]) await (await esbuild.context({ ...each, minify: false, sourcemap: "inline" })).watch();
} else {
  await Promise.all([esbuild.build(pages), esbuild.build(beside)]);
}
