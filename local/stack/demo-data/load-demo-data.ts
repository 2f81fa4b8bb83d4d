import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeFile } from "../../processes/write-file.ts";
import { analysisDemo } from "./demo-analysis.ts";
import { countyDemo } from "./demo-county.ts";
import type { DemoApi, DemoData } from "./demo-data.ts";
import { etfsDemo } from "./demo-etfs.ts";
import { knowledgeDemo } from "./demo-knowledge.ts";
import { memoDemo } from "./demo-memo.ts";
import { pensionsDemo } from "./demo-pensions.ts";
import { personalOpsDemo } from "./demo-personal-ops.ts";
import { tasksDemo } from "./demo-tasks.ts";

/** The sample data of all families, in the order of loading. */
export const DEMO_DATA: readonly DemoData[] = [
  tasksDemo,
  etfsDemo,
  pensionsDemo,
  countyDemo,
  analysisDemo,
  memoDemo,
  knowledgeDemo,
  personalOpsDemo,
];

/** The running app and its fault API, which knows the address of each fake provider. */
interface DemoApp {
  readonly url: string;
  readonly key: string;
  readonly providerControl: string | null;
}

interface Begun {
  readonly begunAt: string;
  readonly done: boolean;
}

/**
 * Loads the sample data that this state directory does not have yet, one family after the other.
 * @returns a line for each family for the start screen; a family that fails is tried again at the next start
 */
export async function loadDemoData(
  app: DemoApp,
  stateDirectory: string,
  families: readonly DemoData[] = DEMO_DATA,
): Promise<string[]> {
  const file = join(stateDirectory, "demo-data.json");
  const known = await readState(file);
  const keep = async (family: string, begun: Begun) => {
    known[family] = begun;
    await writeFile(file, `${JSON.stringify(known, null, 2)}\n`);
  };
  const lines: string[] = [];
  for (const { family, load, restart } of families) {
    const { begunAt = new Date().toISOString(), done = false } = known[family] ?? {};
    const api = apiOf(app, new Date(begunAt));
    if (done) {
      const failure = await restart?.(api).catch((error: unknown) => (error as Error).message);
      if (failure) lines.push(`Sample data of ${family} was not adapted to this start: ${failure}`);
      continue;
    }
    // Before the first request, so that a repeated request is identical.
    await keep(family, { begunAt, done: false });
    try {
      lines.push(`Sample data: ${await load(api)}.`);
      await keep(family, { begunAt, done: true });
    } catch (error) {
      lines.push(`Sample data of ${family} failed to load, the next start tries again: ${(error as Error).message}`);
    }
  }
  return lines;
}

async function readState(file: string): Promise<Record<string, Begun>> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Record<string, Begun>;
  } catch {
    return {};
  }
}

function apiOf({ url, key, providerControl }: DemoApp, now: Date): DemoApi {
  const call = async (method: string, path: string, body?: unknown, idempotencyKey?: string) => {
    const response = await fetch(`${url}/${path}`, {
      method,
      headers: {
        "x-functions-key": key,
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(idempotencyKey !== undefined && { "idempotency-key": idempotencyKey }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} gave ${response.status}: ${text}`);
    return JSON.parse(text) as never;
  };
  return {
    now,
    get: (path) => call("GET", path),
    post: (path, body, idempotencyKey) => call("POST", path, body, idempotencyKey),
    put: (path, body) => call("PUT", path, body),
    async provider(name) {
      if (providerControl === null) throw new Error(`no provider ${name}: fake providers exist only in demo mode`);
      const servers = (await (await fetch(providerControl)).json()) as Record<string, { standsAt: string }>;
      const server = servers[name];
      if (!server) throw new Error(`no provider ${name}; there are ${Object.keys(servers).join(", ")}`);
      return server.standsAt;
    },
  };
}
