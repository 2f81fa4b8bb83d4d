/**
 * Writes the package as it is published: `node build.ts [directory]`, default `dist`. Node strips no types under
 * node_modules, so a published package needs plain JavaScript.
 */
import { execFileSync } from "node:child_process";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const source = import.meta.dirname;
const target = resolve(process.argv[2] ?? join(source, "dist"));

rmSync(target, { recursive: true, force: true });
await build({
  entryPoints: [join(source, "src/web-pubsub.ts"), join(source, "src/bin.ts")],
  outdir: target,
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  target: "node22",
  format: "esm",
});

const tsc = fileURLToPath(import.meta.resolve("typescript/bin/tsc"));
execFileSync(process.execPath, [tsc, "--project", join(source, "tsconfig.build.json"), "--outDir", target], {
  stdio: "inherit",
});

const manifest = JSON.parse(readFileSync(join(source, "package.json"), "utf8")) as Record<string, unknown>;
delete manifest.scripts;
delete manifest.devDependencies;
manifest.bin = { "web-pubsub-emulator": "./bin.js" };
manifest.exports = { ".": { types: "./web-pubsub.d.ts", default: "./web-pubsub.js" } };
writeFileSync(join(target, "package.json"), JSON.stringify(manifest, null, 2));
copyFileSync(join(source, "README.md"), join(target, "README.md"));
