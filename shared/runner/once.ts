import type { Db } from "#data/client.ts";
import { intendEffect, parkEffect, settleEffect, withdrawEffect } from "#data/platform/effects.ts";
import { classify } from "#jobs/error-class.ts";
import type { Clock } from "#schedule/clock.ts";

export interface OnceOptions {
  /**
   * What a repeat does when nobody knows whether the effect happened (a crash, a timeout in between).
   * `"repeat"`: do it again with the same idempotency key, for providers that know such keys. `"park"` (default): leave it
   * to a person and fail the run for good, for effects that must rather not happen than happen twice.
   */
  readonly whenUnknown?: "repeat" | "park";
}

/** Nobody knows whether the effect happened: a person has to look, and no retry will help. */
export class EffectUnknown extends Error {
  override name = "EffectUnknown";
  readonly errorClass = "validation";
}

/** Errors after which an effect certainly did not happen: the provider refused it. */
const REFUSED: ReadonlySet<string> = new Set(["validation", "auth", "rate_limited"]);

/**
 * Makes an effect outside the database (a mail, a call, an order) happen once: its intent is stored before, its outcome after.
 * A repeat returns the stored outcome.
 * @param key names the effect, the same in every attempt: `order 4711 placed`
 * @param effect gets the key to hand to the provider as idempotency key; returns what JSON can hold
 * @throws EffectUnknown when an earlier attempt was cut off and `whenUnknown` is `"park"`
 */
export async function once<T>(
  { db, clock, runId }: { readonly db: Db; readonly clock: Clock; readonly runId: string },
  key: string,
  effect: (idempotencyKey: string) => Promise<T>,
  { whenUnknown = "park" }: OnceOptions = {},
): Promise<T> {
  const before = await intendEffect(db, key, runId, clock.now());
  if (before?.state === "done") return before.outcome as T;
  if (before && (before.state === "parked" || whenUnknown === "park")) {
    await parkEffect(db, key);
    const since = before.intendedAt.toISOString();
    throw new EffectUnknown(
      `nobody knows whether ${JSON.stringify(key)}, begun at ${since} by run ${before.runId}, happened`,
    );
  }
  try {
    const outcome = await effect(key);
    await settleEffect(db, key, outcome, clock.now());
    return outcome;
  } catch (error) {
    if (REFUSED.has(classify(error))) await withdrawEffect(db, key);
    throw error;
  }
}
