import type { Progress } from "#data/platform/schema.ts";
import { storableText } from "./jsonb-safe.ts";
import { redactText } from "./redact.ts";

/**
 * What a job says in words, as the ledger keeps it: without what looks like a secret, so that none lies in backups and
 * archives either, and of at most about `max` UTF-16 units.
 */
export function maskedText(value: unknown, max: number): string {
  return redactText(storableText(value, Infinity), max);
}

/** How far a job says that it is. A count that is none is 0; the note is one line for a table. */
export function maskedProgress(progress: Progress | null): Progress | null {
  if (!progress) return null;
  const { done, total, note } = progress;
  return {
    done: counted(done),
    ...(total !== undefined && { total: counted(total) }),
    ...(note !== undefined && { note: maskedText(note, 256) }),
  };
}

function counted(count: unknown): number {
  const number = typeof count === "bigint" ? Number(count) : count;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}
