import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

/** The options of `npm start`. */
export interface StackOptions {
  readonly port: number;
  /** The directory of everything that is kept between starts. */
  readonly stateDirectory: string;
  /** Starts another app process on the database of the running stack. */
  readonly join: boolean;
  /** The settings of local.settings.json. Null without that file: demo mode. */
  readonly settings: Readonly<Record<string, string>> | null;
}

/** The command line or local.settings.json is wrong. The message says how to correct it. */
export class StartError extends Error {
  override name = "StartError";
}

/**
 * @param root the project's folder
 * @throws StartError
 */
export async function readOptions(
  root: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<StackOptions> {
  const { values } = parse(args);
  return {
    port: portOf(values.port ?? env.ROTA_PORT ?? "7071", values.port ? "--port" : "ROTA_PORT"),
    stateDirectory: resolve(root, values.state ?? env.ROTA_STATE ?? ".rota"),
    join: values.join ?? false,
    settings: await readSettings(join(root, "local.settings.json")),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: { port: { type: "string" }, state: { type: "string" }, join: { type: "boolean" } },
    });
  } catch (error) {
    const message = (error as Error).message.replace(/\.?$/, ".");
    throw new StartError(`${message} The options are --port <number>, --state <folder> and --join.`);
  }
}

function portOf(text: string, name: string): number {
  const port = Number(text);
  if (!/^\d+$/.test(text) || port < 1 || port > 65_535) {
    throw new StartError(`${name}: expected a port from 1 to 65535, got ${JSON.stringify(text)}.`);
  }
  return port;
}

async function readSettings(file: string): Promise<Record<string, string> | null> {
  const text = await readFile(file, "utf8").catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  const { Values: values } = parseJson(text) as { Values?: unknown };
  if (values === null || typeof values !== "object") {
    throw new StartError(
      'local.settings.json: expected an object "Values" with the settings; see local.settings.example.json.',
    );
  }
  const invalid = Object.entries(values).find(([, value]) => typeof value !== "string");
  if (invalid)
    throw new StartError(
      `local.settings.json: Values.${invalid[0]}: expected a string in quotes, got ${JSON.stringify(invalid[1])}.`,
    );
  return values as Record<string, string>;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, "")) ?? {};
  } catch (error) {
    throw new StartError(`local.settings.json is not valid JSON: ${(error as Error).message}.`);
  }
}
