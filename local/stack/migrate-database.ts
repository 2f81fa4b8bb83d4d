import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { StartError } from "./stack-options.ts";

/** Migrates the database to the newest schema with the operator's command. */
export async function migrate(root: string, databaseUrl: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, "cli/main.ts"), "migrate"], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let output = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new StartError(output.trim() || "The migration of the database failed.");
}
