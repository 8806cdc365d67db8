// Two files for every page: app.css and app.js, named without a hash because Django's manifest storage adds one.
import { fileURLToPath } from "node:url";
import { dirname, join } from "node:path";
import * as esbuild from "esbuild";

export const ui = join(dirname(fileURLToPath(import.meta.url)), "..");
export const out = join(ui, "..", "build", "ui");
export const target = ["chrome80", "safari15", "firefox78"];

const options = {
  entryPoints: [join(ui, "src", "app.css"), join(ui, "src", "app.js")],
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
