import { basename, join } from "node:path";
import { build } from "esbuild";
import { driverGuard } from "../../scripts/driver-guard.ts";

/** Bundles a script as the build bundles the app, so that the measured code is what Azure runs. @returns the file */
export async function bundled(script: string, directory: string): Promise<string> {
  await build({
    entryPoints: [script],
    outdir: directory,
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "node",
    target: "node24",
    outExtension: { ".js": ".mjs" },
    plugins: [driverGuard],
    banner: { js: 'import{createRequire as rotaRequire}from"node:module";const require=rotaRequire(import.meta.url);' },
    logLevel: "warning",
  });
  return join(directory, `${basename(script, ".ts")}.mjs`);
}
