// app.css and app.js for every page, survey.css and survey.js for a form page, collect.js for its home page, worker.js for the service worker of both;
// named without a hash because Django's manifest storage adds one.
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";

export const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
export const out = join(ui, "..", "build", "ui");
export const target = ["chrome80", "safari15", "firefox78"];

const options = {
  entryPoints: ["app.css", "app.js", "survey.css", "survey.js", "collect.js", "worker.js"].map((name) => join(ui, "src", name)),
  outdir: out,
  bundle: true,
  minify: true,
  target,
  format: "iife",
  charset: "utf8",
  logLevel: "warning",
};

if (process.argv.includes("--watch")) {
  const context = await esbuild.context({ ...options, minify: false, sourcemap: "inline" });
  await context.watch();
} else {
  await esbuild.build(options);
}
