import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { analysisDemo } from "./analysis.ts";
import { countyDemo } from "./county.ts";
import type { DemoApi, DemoData } from "./demo-data.ts";
import { etfsDemo } from "./etfs.ts";
import { memoDemo } from "./memo.ts";
import { pensionsDemo } from "./pensions.ts";
import { tasksDemo } from "./tasks.ts";

/** Every family that shows something at a first start. */
export const DEMO_DATA: readonly DemoData[] = [tasksDemo, etfsDemo, pensionsDemo, countyDemo, analysisDemo, memoDemo];

/** The running app, and where its providers are broken and mended, which knows where each of them stands. */
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
 * Loads what this state directory has not seen yet, one family after the other.
 * @returns a line a family for the start screen; trouble with one is said there and tried again at the next start
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
  for (const { family, load } of families) {
    const { begunAt = new Date().toISOString(), done = false } = known[family] ?? {};
    if (done) continue;
    // Before the first request: what it is repeated with must be the same.
    await keep(family, { begunAt, done: false });
    try {
      lines.push(`Sample data: ${await load(apiOf(app, new Date(begunAt)))}.`);
      await keep(family, { begunAt, done: true });
    } catch (error) {
      lines.push(`Sample data of ${family} is not there, the next start tries again: ${(error as Error).message}`);
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
      if (providerControl === null) throw new Error(`no provider ${name}: there are none outside demo mode`);
      const standIns = (await (await fetch(providerControl)).json()) as Record<string, { standsAt: string }>;
      const standIn = standIns[name];
      if (!standIn) throw new Error(`no provider ${name}; there are ${Object.keys(standIns).join(", ")}`);
      return standIn.standsAt;
    },
  };
}
