import type { Db } from "#data/client.ts";
import { completeEffect, intendEffect, parkEffect, withdrawEffect } from "#data/platform/effects.ts";
import type { OnceOptions } from "#jobs/context.ts";
import { classify } from "#jobs/error-class.ts";
import { jsonbSafe } from "#redaction/jsonb-safe.ts";
import type { Clock } from "#schedule/clock.ts";

/** It is unknown whether the effect happened: a person has to check, and no retry helps. */
export class EffectUnknown extends Error {
  override name = "EffectUnknown";
  readonly errorClass = "validation";
}

/** Errors after which an effect certainly did not happen: the provider refused it. */
const REFUSED: ReadonlySet<string> = new Set(["validation", "auth", "rate_limited"]);

interface OnceTools {
  readonly db: Db;
  readonly clock: Clock;
  readonly runId: string;
  /** Stops the attempt: no effect starts after it. */
  readonly signal: AbortSignal;
}

/**
 * Makes an effect outside the database (a mail, a call, an order) happen once: its intent is stored before, its outcome
 * after. A repeat returns the stored outcome.
 * @param key names the effect, the same in every attempt: `order 4711 placed`
 * @param effect gets the key, for the provider as idempotency key; what JSON cannot hold of its outcome, a repeat lacks
 * @throws EffectUnknown when an earlier attempt broke off during the effect and `whenUnknown` is `"park"`
 */
export async function once<T>(
  { db, clock, runId, signal }: OnceTools,
  key: string,
  effect: (idempotencyKey: string) => Promise<T>,
  { whenUnknown = "park" }: OnceOptions = {},
): Promise<T> {
  signal.throwIfAborted();
  const before = await intendEffect(db, key, runId, clock.now());
  if (before?.state === "done") return before.outcome as T;
  if (before && (before.state === "parked" || whenUnknown === "park")) {
    await parkEffect(db, key);
    const since = before.intendedAt.toISOString();
    throw new EffectUnknown(
      `it is unknown whether ${JSON.stringify(key)} happened: run ${before.runId} started it at ${since}`,
    );
  }
  if (!before && signal.aborted) await withdrawEffect(db, key);
  signal.throwIfAborted();
  const outcome = await attempted(db, key, effect);
  // After the effect no error withdraws the intent: the effect has happened.
  await completeEffect(db, key, jsonbSafe(outcome), clock.now());
  return outcome;
}

async function attempted<T>(db: Db, key: string, effect: (idempotencyKey: string) => Promise<T>): Promise<T> {
  try {
    return await effect(key);
  } catch (error) {
    if (REFUSED.has(classify(error))) await withdrawEffect(db, key);
    throw error;
  }
}
