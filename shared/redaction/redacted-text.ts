import { jsonbSafeText } from "./jsonb-safe.ts";
import { redactText } from "./redact.ts";

/** How far a run is, as a job reports it. */
interface Progress {
  readonly done: number;
  readonly total?: number;
  readonly note?: string;
}

/** A text of a job as the ledger stores it: without secrets, and at most about `max` UTF-16 units long. */
export function redactedText(value: unknown, max: number): string {
  return redactText(jsonbSafeText(value, Infinity), max);
}

/**
 * Progress as the ledger stores it. A count that is not a finite number is 0; the note has at most 256 UTF-16 units.
 */
export function redactedProgress(progress: Progress | null): Progress | null {
  if (!progress) return null;
  const { done, total, note } = progress;
  return {
    done: finiteCount(done),
    ...(total !== undefined && { total: finiteCount(total) }),
    ...(note !== undefined && { note: redactedText(note, 256) }),
  };
}

function finiteCount(count: unknown): number {
  const number = typeof count === "bigint" ? Number(count) : count;
  return typeof number === "number" && Number.isFinite(number) ? number : 0;
}
