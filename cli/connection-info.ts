import { resolve } from "node:path";
import { readRunningApp, type RunningApp } from "#local/stack/running-app.ts";
import type { CommandContext } from "./command.ts";
import { CommandError } from "./command-errors.ts";

/** The address of the app and the key for it. */
export interface ConnectionInfo {
  /** Without a trailing slash. */
  readonly url: string;
  readonly key?: string;
  /** Where the key comes from, for the message when the app rejects it. */
  readonly keySource?: "ROTA_KEY" | "npm start";
}

/** The default address of `npm start` and `func start`. */
const DEFAULT_URL = "http://127.0.0.1:7071";

/**
 * The app of ROTA_URL and ROTA_KEY, or else the app that the local stack runs in this folder.
 * @throws CommandError when one of the two settings is malformed
 */
export async function connectionInfo(call: Pick<CommandContext, "env" | "root">): Promise<ConnectionInfo> {
  const url = call.env.ROTA_URL?.trim();
  const key = call.env.ROTA_KEY?.trim();
  if (key && !/^[\x21-\x7e]+$/.test(key))
    throw new CommandError("ROTA_KEY holds characters that a key cannot contain; copy the key again.");
  if (url) return { url: addressOf(url), ...(key && { key, keySource: "ROTA_KEY" }) };
  // The key of the local stack is never sent to ROTA_URL: another person may have set that address.
  const running = await runningApp(call);
  const found = running ? { key: running.key, keySource: "npm start" as const } : {};
  return { url: running?.url ?? DEFAULT_URL, ...found, ...(key && { key, keySource: "ROTA_KEY" }) };
}

/** The app that the local stack runs in this folder; null when none runs. */
export async function runningApp({ env, root }: Pick<CommandContext, "env" | "root">): Promise<RunningApp | null> {
  return readRunningApp(resolve(root, env.ROTA_STATE ?? ".rota"));
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search) {
    throw new CommandError(
      `ROTA_URL: expected an address such as https://my-app.azurewebsites.net, got ${JSON.stringify(text)}.`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
