import { randomUUID } from "node:crypto";
import { mkdir, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { writeFile } from "../processes/write-file.ts";

/** The stored status of a timer. `last` is undefined until it has run on this schedule. */
export interface TimerStatus {
  last: Date | undefined;
  next: Date;
  lastUpdated: Date;
}

/** Stores the status of the timers, in the format of Azure's status blobs. */
export interface TimerStatusStore {
  /** The status of this timer; undefined when it is missing or unreadable. */
  read(timer: string): Promise<TimerStatus | undefined>;
  write(timer: string, status: TimerStatus): Promise<void>;
}

const NEVER = "0001-01-01T00:00:00+00:00";

/** Stores the status in `<directory>/<timer>.json`. Several processes may write the same file: the last write wins. */
export function timerStatusFiles(directory: string): TimerStatusStore {
  const fileOf = (timer: string) => join(directory, `${timer}.json`);
  return {
    async read(timer) {
      const text = await readFile(fileOf(timer), "utf8").catch(() => undefined);
      return text === undefined ? undefined : parseStatus(text);
    },

    async write(timer, status) {
      await mkdir(directory, { recursive: true });
      // Written under a unique name and renamed: two hosts may write at once, and a killed one leaves no partial file.
      const draft = `${fileOf(timer)}.${randomUUID()}.draft`;
      await writeFile(draft, `${formatStatus(status)}\n`);
      await rename(draft, fileOf(timer));
    },
  };
}

/** The status in the format that the timer trigger passes to a function. */
export function formatStatus({ last, next, lastUpdated }: TimerStatus): string {
  return JSON.stringify({
    Last: last?.toISOString() ?? NEVER,
    Next: next.toISOString(),
    LastUpdated: lastUpdated.toISOString(),
  });
}

function parseStatus(text: string): TimerStatus | undefined {
  let raw: Record<string, unknown>;
  try {
    raw = JSON.parse(text) as Record<string, unknown>;
  } catch {
    return undefined;
  }
  const next = dateOf(raw["Next"]);
  const lastUpdated = dateOf(raw["LastUpdated"]);
  if (!next || !lastUpdated) return undefined;
  return { last: raw["Last"] === NEVER ? undefined : dateOf(raw["Last"]), next, lastUpdated };
}

function dateOf(value: unknown): Date | undefined {
  const date = new Date(typeof value === "string" ? value : NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
