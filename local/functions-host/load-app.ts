import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { FunctionsCore } from "./functions-core.ts";
import { messageOf } from "./host-log.ts";
import { HostStartupError } from "./startup-error.ts";
import { captureStreamServer, type StreamServer } from "./stream-server.ts";
import type { ProgrammingModel } from "./worker-contract.ts";

/**
 * Imports the app's entry files: `main` of its package.json, a file or a glob.
 *
 * @throws HostStartupError when there is none, or when one fails to load
 */
export async function importApp(appDirectory: string): Promise<void> {
  for (const file of await entryFiles(appDirectory)) {
    try {
      await import(pathToFileURL(file).href);
    } catch (error) {
      throw new HostStartupError([`the entry file ${file} failed to load: ${detailOf(error)}`]);
    }
  }
}

/**
 * Node reports the location of a syntax or import error only in the stack. An error of the settings has no location, so
 * its message is enough.
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
    throw new HostStartupError([`${file} could not be read: ${messageOf(error)}`]);
  }
  if (typeof main !== "string" || main === "") {
    throw new HostStartupError([`${file} has no "main". Set it to the app's entry file, such as "dist/main.js".`]);
  }
  const files: string[] = [];
  for await (const name of glob(main, { cwd: appDirectory })) files.push(name);
  if (files.length === 0) {
    throw new HostStartupError([
      `"main" of ${file} is "${main}", and no such file exists. Build the app, or correct it.`,
    ]);
  }
  return files.sort().map((name) => join(appDirectory, name));
}

/** Ends the app's start-up and the registration of functions. Returns the stream server, if the app streams. */
export async function finishSetup(core: FunctionsCore, model: ProgrammingModel): Promise<StreamServer | undefined> {
  const server = await captureStreamServer(() => model.getCapabilities({}));
  core.endStartup();
  return server;
}
