import { cp } from "node:fs/promises";
import { join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { type Manifest, manifestOf } from "#azure/manifest.ts";
import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";
import { writeFile } from "#local/processes/write-file.ts";
import { driverGuard } from "./driver-guard.ts";
import { buildDirectory, publishBuild } from "./publish-build.ts";
import { sourceFiles } from "./source-files.ts";

/**
 * Builds the deployed app: `dist/main.js`, which registers every function from a manifest, and chunks that load at the
 * first invocation of a function. An app that runs on the build before keeps running: see publishBuild.
 */
const root = join(import.meta.dirname, "..");
// Another app on the same layer, such as that of the load tests, has its own functions folder and output.
const { values } = parseArgs({
  options: {
    functions: { type: "string", default: "functions" },
    out: { type: "string", default: "dist" },
    // For a package to deploy: without the chunks of earlier builds.
    exact: { type: "boolean", default: false },
  },
});
const folder = join(root, values.functions);
const output = join(root, values.out);
const { jobs, routes } = (await import(pathToFileURL(join(folder, "index.ts")).href)) as {
  jobs: readonly Job[];
  routes: readonly Route[];
};

const manifest = manifestOf(jobs, routes);
const files = await sourceFiles(folder, { jobs, routes });

const building = await buildDirectory(join(root, ".rota/builds"));
await build({
  stdin: { contents: entry(manifest), resolveDir: root, sourcefile: "main.ts", loader: "ts" },
  outdir: building,
  entryNames: "main",
  chunkNames: "chunks/[name]-[hash]",
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  minify: true,
  sourcemap: true,
  sourcesContent: false,
  legalComments: "none",
  plugins: [driverGuard],
  // Used by CommonJS packages.
  define: { __dirname: "import.meta.dirname", __filename: "import.meta.filename" },
  // Supplied by the Functions host.
  external: ["@azure/functions-core"],
  banner: { js: 'import{createRequire as rotaRequire}from"node:module";const require=rotaRequire(import.meta.url);' },
  logLevel: "warning",
});
// Beside the chunks, where shared/documents/pdf/fonts.ts looks.
await cp(join(root, "shared/documents/fonts"), join(building, "fonts"), { recursive: true });
await writeFile(join(building, "manifest.json"), JSON.stringify(manifest, null, 2));
await publishBuild(building, output, { exact: values.exact });

function entry({ jobs, paths }: Manifest): string {
  const jobLoaders = jobs.map(
    ({ id }) =>
      `${JSON.stringify(id)}: () => import("./${at(files.jobs.get(id)!.file)}").then((m) => m.${files.jobs.get(id)!.name}),`,
  );
  const routeLoaders = paths.map(({ path }) => {
    const parts = files.routes.get(path)!.map(({ file, name }) => `import("./${at(file)}").then((m) => m.${name})`);
    return `${JSON.stringify(path)}: () => Promise.all([${parts.join(", ")}]),`;
  });
  return `
    import { register } from "./shared/azure/register.ts";
    await register(${JSON.stringify({ jobs, paths })}, {
      jobs: { ${jobLoaders.join("\n")} },
      routes: { ${routeLoaders.join("\n")} },
    });`;
}

function at(file: string): string {
  return relative(root, file).replaceAll("\\", "/");
}
