import { resolve } from "node:path";
import { readRunningApp, type RunningApp } from "#local/stack/state-file.ts";
import type { Call } from "./command.ts";
import { Failure } from "./failure.ts";

/** Where the app is, and what opens it. */
export interface Whereabouts {
  /** Without a slash at its end. */
  readonly url: string;
  readonly key?: string;
  /** Where the key comes from, for the message when it is refused. */
  readonly keySource?: "ROTA_KEY" | "npm start";
}

/** Where `npm start` and `func start` serve unless told otherwise. */
const DEFAULT_URL = "http://127.0.0.1:7071";

/**
 * The app of ROTA_URL and ROTA_KEY, or else the one that the local stack runs in this folder.
 * @throws Failure when the two settings do not make an address with its key
 */
export async function findApp(call: Pick<Call, "env" | "root">): Promise<Whereabouts> {
  const url = call.env.ROTA_URL?.trim();
  const key = call.env.ROTA_KEY?.trim();
  if (key && !/^[\x21-\x7e]+$/.test(key)) throw new Failure("ROTA_KEY holds characters that no key has.");
  if (url) return { url: addressOf(url), ...(key && { key, keySource: "ROTA_KEY" }) };
  // The local stack's key is never sent to ROTA_URL: who sets that address may not be who started the stack.
  const running = await runningApp(call);
  const found = running ? { key: running.key, keySource: "npm start" as const } : {};
  return { url: running?.url ?? DEFAULT_URL, ...found, ...(key && { key, keySource: "ROTA_KEY" }) };
}

/** What the local stack of this folder says about itself; null when none runs. */
export async function runningApp({ env, root }: Pick<Call, "env" | "root">): Promise<RunningApp | null> {
  return readRunningApp(resolve(root, env.ROTA_STATE ?? ".rota"));
}

function addressOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search) {
    throw new Failure(
      `ROTA_URL: expected an address such as https://my-app.azurewebsites.net, got ${JSON.stringify(text)}.`,
    );
  }
  return `${url.origin}${url.pathname}`.replace(/\/+$/, "");
}
