/**
 * Builds the folder `dist`, which `npm publish ./dist` publishes: JavaScript, types, README and a package.json of its own.
 * Node strips no types below node_modules, so the sources themselves cannot be published.
 */
import { execFileSync } from "node:child_process";
import { copyFile, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { build } from "esbuild";

const inPackage = (...path: string[]): string => join(import.meta.dirname, ...path);
const tsc = join(createRequire(import.meta.url).resolve("typescript/package.json"), "../bin/tsc");

await rm(inPackage("dist"), { recursive: true, force: true });
await build({
  entryPoints: [inPackage("src/service-bus.ts"), inPackage("src/bin.ts")],
  outdir: inPackage("dist"),
  bundle: true,
  splitting: true,
  packages: "external",
  platform: "node",
  format: "esm",
  target: "node22",
});
execFileSync(process.execPath, [tsc, "--project", inPackage("tsconfig.build.json")], { stdio: "inherit" });
await copyFile(inPackage("README.md"), inPackage("dist/README.md"));
await writeFile(inPackage("dist/package.json"), `${JSON.stringify(await publishedManifest(), null, 2)}\n`);

async function publishedManifest(): Promise<object> {
  const manifest = JSON.parse(await readFile(inPackage("package.json"), "utf8")) as Record<string, unknown>;
  for (const key of ["devDependencies", "private", "publishConfig", "scripts"]) Reflect.deleteProperty(manifest, key);
  return {
    ...manifest,
    bin: { "service-bus-emulator": "./bin.js" },
    exports: { ".": { types: "./service-bus.d.ts", default: "./service-bus.js" } },
  };
}
