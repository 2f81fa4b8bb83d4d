/**
 * Writes the package to publish: `node build.ts [directory]`, default `dist`. It holds JavaScript and types, because
 * Node strips no types below node_modules.
 */
import { execFileSync } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const inPackage = (path: string): string => join(import.meta.dirname, path);
const target = resolve(process.argv[2] ?? inPackage("dist"));
const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

await rm(target, { recursive: true, force: true });
await build({
  entryPoints: [inPackage("src/service-bus.ts"), inPackage("src/bin.ts")],
  outdir: target,
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node22",
});
execFileSync(process.execPath, [tsc, "--project", inPackage("tsconfig.build.json"), "--outDir", target], {
  stdio: "inherit",
});
await copyFile(inPackage("README.md"), join(target, "README.md"));
await writeFile(join(target, "package.json"), `${JSON.stringify(await publishedManifest(), null, 2)}\n`);

async function publishedManifest(): Promise<object> {
  const manifest = JSON.parse(await readFile(inPackage("package.json"), "utf8")) as Record<string, unknown>;
  for (const key of ["devDependencies", "private", "publishConfig", "scripts"]) Reflect.deleteProperty(manifest, key);
  return {
    ...manifest,
    bin: { "service-bus-emulator": "./bin.js" },
    exports: { ".": { types: "./service-bus.d.ts", default: "./service-bus.js" } },
  };
}
