import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { StartError } from "./options.ts";

/** Brings the database to the newest schema with the same command that an operator uses. */
export async function migrate(root: string, databaseUrl: string): Promise<void> {
  const child = spawn(process.execPath, [join(root, "cli/main.ts"), "migrate"], {
    env: { ...process.env, DATABASE_URL: databaseUrl },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let said = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
  const [code] = (await once(child, "close")) as [number | null];
  if (code !== 0) throw new StartError(said.trim() || "The database could not be migrated.");
}
