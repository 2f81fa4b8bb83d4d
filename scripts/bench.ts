import { spawnSync } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** Runs one benchmark: `npm run bench -- throughput --runs 1000`. Without a name it lists them. */
const folder = join(import.meta.dirname, "../bench");
const names = (await readdir(folder)).filter((file) => file.endsWith(".ts")).map((file) => file.replace(/\.ts$/, ""));
const [name, ...options] = process.argv.slice(2);

if (name === undefined) {
  console.log(`npm run bench -- <name> [options]\n\n${names.map((each) => `  ${each}`).join("\n")}`);
} else if (names.includes(name)) {
  const { status } = spawnSync(process.execPath, [join(folder, `${name}.ts`), ...options], { stdio: "inherit" });
  process.exitCode = status ?? 1;
} else {
  console.error(`expected one of ${names.join(", ")}, got ${JSON.stringify(name)}`);
  process.exitCode = 2;
}
