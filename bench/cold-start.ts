import { execFileSync } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { table } from "./support/table.ts";

/**
 * Time from process start until every function is registered, and the memory then: bare Node, an app with one hello
 * function (bundled and minified in the same way), and the app. Alternating rounds, the median of each. Build first:
 * `npm run build`. On a busy machine compare the processor times.
 *
 *   npx node bench/cold-start.ts [rounds]
 */
const ROUNDS = Number(process.argv[2] ?? 25);
interface Loaded {
  readonly ms: number;
  readonly cpuMs: number;
  readonly rssMiB: number;
  readonly registered: number;
}
const root = join(import.meta.dirname, "..");
const directory = join(root, ".rota/bench-cold-start");

await rm(directory, { recursive: true, force: true });
await mkdir(directory, { recursive: true });
await writeFile(
  join(directory, "hello.ts"),
  `import { app } from "@azure/functions";
   app.http("hello", { handler: async () => ({ body: "hello" }) });`,
);
await build({
  entryPoints: [join(directory, "hello.ts")],
  outfile: join(directory, "hello.mjs"),
  bundle: true,
  minify: true,
  format: "esm",
  platform: "node",
  target: "node24",
  external: ["@azure/functions-core"],
  banner: { js: 'import{createRequire}from"node:module";const require=createRequire(import.meta.url);' },
});

const apps = {
  "bare Node": [],
  "hello app": [join(directory, "hello.mjs")],
  Rota: [join(root, "dist/main.js")],
} as const;
const measured: Record<string, Loaded[]> = {};
for (let round = 0; round <= ROUNDS; round++) {
  for (const [name, [file]] of Object.entries(apps)) {
    const result = load(file);
    // The first round fills the file cache.
    if (round > 0) (measured[name] ??= []).push(result);
  }
}

const rows = Object.entries(measured).map(([name, all]) => ({
  name,
  ms: median(all.map(({ ms }) => ms)),
  cpuMs: median(all.map(({ cpuMs }) => cpuMs)),
  rssMiB: median(all.map(({ rssMiB }) => rssMiB)),
  functions: all[0]!.registered,
}));
const [bare, hello, rota] = rows as [(typeof rows)[0], (typeof rows)[0], (typeof rows)[0]];
console.log(`\nCold start on Node ${process.version}, median of ${ROUNDS}\n`);
console.log(
  table(
    rows.map(({ name, ms, cpuMs, rssMiB, functions }) => ({
      app: name,
      functions,
      ms: ms.toFixed(1),
      "over bare": (ms - bare.ms).toFixed(1),
      "CPU ms": cpuMs.toFixed(1),
      "CPU over bare": (cpuMs - bare.cpuMs).toFixed(1),
      MiB: rssMiB.toFixed(1),
      "MiB over bare": (rssMiB - bare.rssMiB).toFixed(1),
    })),
  ),
);
console.log(
  `\nRota ÷ hello app: ${(rota.ms / hello.ms).toFixed(2)}×, by processor time ${(rota.cpuMs / hello.cpuMs).toFixed(2)}×  (aim: at most 1.5×, and 60 ms and 30 MiB over bare Node)`,
);
await rm(directory, { recursive: true, force: true });

function load(file: string | undefined): Loaded {
  const here = (name: string) => join(import.meta.dirname, "cold-start", name);
  const args = ["--import", pathToFileURL(here("functions-core.mjs")).href, here("load.mjs")];
  const out = execFileSync(process.execPath, file ? [...args, pathToFileURL(file).href] : args, {
    encoding: "utf8",
    env: { ...process.env, DATABASE_URL: "postgres://nobody@127.0.0.1/none" },
  });
  return JSON.parse(out) as Loaded;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
