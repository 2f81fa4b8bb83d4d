import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "./command.ts";
import { CommandError } from "./command-errors.ts";
import { runningApp } from "./connection-info.ts";

/** The database to work on. */
export interface DatabaseTarget {
  readonly url: string;
  /** Where `url` was found, for messages. */
  readonly source: string;
  readonly user: string;
  /** For messages: without user and password. */
  readonly name: string;
}

/**
 * The database of DATABASE_URL in the environment, or else in local.settings.json, or else of the running local stack.
 * @throws CommandError when there is none, or when the setting is not the address of a PostgreSQL database
 */
export async function databaseTarget(
  call: Pick<CommandContext, "env" | "root">,
  purpose = "to migrate",
): Promise<DatabaseTarget> {
  const given = call.env.DATABASE_URL?.trim();
  if (given) return targetOf(given, "DATABASE_URL");
  const written = await settingOf(join(call.root, "local.settings.json"), "DATABASE_URL");
  if (written) return targetOf(written, "DATABASE_URL in local.settings.json");
  const running = await runningApp(call);
  if (running) return targetOf(running.databaseUrl, "the database of npm start");
  throw new CommandError(
    `No database ${purpose}: set DATABASE_URL to postgres://user:password@host/database, or run npm start, which starts one.`,
  );
}

function targetOf(text: string, source: string): DatabaseTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || !isDecodable(url)) {
    throw new CommandError(
      `${source}: expected postgres://user:password@host/database with special characters percent-encoded. The value is not shown, as it may hold a password.`,
    );
  }
  const user = decodeURIComponent(url.username);
  const database = decodeURIComponent(url.pathname.slice(1)) || user;
  return { url: text, source, user, name: `Database ${database} on ${url.host || "this machine"}` };
}

function isDecodable({ username, password, pathname }: URL): boolean {
  try {
    decodeURIComponent(username + password + pathname);
    return true;
  } catch {
    return false;
  }
}

/** One setting of local.settings.json; undefined when the file does not set it. */
export async function settingOf(file: string, name: string): Promise<string | undefined> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "{}";
    throw new CommandError(`local.settings.json cannot be read: ${(error as Error).message}.`);
  });
  const settings = parse(text) as { IsEncrypted?: unknown; Values?: Record<string, unknown> } | null;
  const value = settings?.Values?.[name];
  if (value === undefined) return undefined;
  if (settings?.IsEncrypted === true) {
    throw new CommandError(
      `local.settings.json is encrypted: run func settings decrypt, or set ${name} in the environment.`,
    );
  }
  if (typeof value !== "string")
    throw new CommandError(`local.settings.json: Values.${name}: expected a string in quotes.`);
  return value.trim() || undefined;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch {
    // The parser's message quotes the file, and so perhaps a password.
    throw new CommandError("local.settings.json is not valid JSON: compare it with local.settings.example.json.");
  }
}
