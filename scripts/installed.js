import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/*
 * Every script of package.json loads this first. It ends the script with one sentence where packages are missing, or
 * where Node cannot run TypeScript; for that reason it is JavaScript for any Node, and imports no package.
 */
const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const { dependencies, devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
// The command line runs without the packages of development.
const isCommandLine = process.argv[1] === join(root, "cli", "main.ts");
const needed = isCommandLine ? dependencies : { ...dependencies, ...devDependencies };
const missing = Object.keys(needed).filter((name) => !isInstalled(name));

if (missing.length > 0) {
  const others = missing.length > 3 ? ` and ${missing.length - 3} more` : "";
  end(`Packages are not installed: ${missing.slice(0, 3).join(", ")}${others}. Run npm ci first.`);
} else if (Number(process.versions.node.split(".")[0]) < 24) {
  end(
    `Rota runs on Node 24, and this is ${process.version}. npm ci has installed Node 24 in node_modules: ` +
      "run npm start or npm run …, which use it, or npx node … for a single file.",
  );
}
await import("./drizzle-imports.js");

/** As Node resolves it: in node_modules here or in a folder above. */
function isInstalled(name) {
  for (let folder = root; ; folder = dirname(folder)) {
    if (existsSync(join(folder, "node_modules", name, "package.json"))) return true;
    if (folder === dirname(folder)) return false;
  }
}

function end(sentence) {
  console.error(sentence);
  process.exit(1);
}
