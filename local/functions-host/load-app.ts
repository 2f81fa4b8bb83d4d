import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionsCore } from "./functions-core.ts";
import { messageOf } from "./log.ts";
import { HostRefusedError } from "./refusal.ts";
import { captureStreamServer, type StreamServer } from "./stream-server.ts";
import type { ProgrammingModel } from "./worker-contract.ts";

/**
 * Imports the app's entry files, which `main` of its package.json names, as one file or as a glob.
 *
 * @throws HostRefusedError when there is none, or one fails to load
 */
export async function importApp(appDirectory: string): Promise<void> {
  for (const file of await entryFiles(appDirectory)) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      throw new HostRefusedError([`the entry file ${file} failed to load: ${detailOf(error)}`]);
    }
  }
}

/**
 * Node reports an error in a syntax or an import with the place only in the stack. Wrong settings are nobody's error in a file, and
 * their message says all.
 */
function detailOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.name === "ConfigError" ? error.message : (error.stack ?? error.message);
}

async function entryFiles(appDirectory: string): Promise<string[]> {
  const file = join(appDirectory, "package.json");
  let main: unknown;
  try {
    main = (JSON.parse(await readFile(file, "utf8")) as { main?: unknown }).main;
  } catch (error) {
    throw new HostRefusedError([`${file} could not be read: ${messageOf(error)}`]);
  }
  if (typeof main !== "string" || main === "") {
    throw new HostRefusedError([`${file} has no "main". Set it to the app's entry file, such as "dist/main.js".`]);
  }
  const files: string[] = [];
  for await (const name of glob(main, { cwd: appDirectory })) files.push(name);
  if (files.length === 0) {
    throw new HostRefusedError([
      `"main" of ${file} is "${main}", and no such file exists. Build the app, or correct it.`,
    ]);
  }
  return files.sort().map((name) => join(appDirectory, name));
}

/** Ends the app's start-up: from now on nothing more can be registered. Gives the library's own HTTP server, if the app streams. */
export async function finishSetup(core: FunctionsCore, model: ProgrammingModel): Promise<StreamServer | undefined> {
  const server = await captureStreamServer(() => model.getCapabilities({}));
  core.endStartup();
  return server;
}
