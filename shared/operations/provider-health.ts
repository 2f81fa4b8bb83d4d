import type { Db } from "#data/client.ts";
import type { BreakerState, ProviderState } from "#data/platform/provider-schema.ts";
import {
  type BucketUse,
  bucketUses,
  type CallSums,
  callSums,
  listProviderStates,
  noCalls,
} from "#data/platform/provider-views.ts";
import { runsWaitingForProviders } from "#data/platform/provider-waits.ts";
import { PROVIDER_WAIT } from "#jobs/provider-wait.ts";
import type { Clock } from "#schedule/clock.ts";
import { inWords } from "#schedule/duration.ts";
import type { Config } from "#settings/config.ts";
import { limitsOf } from "#settings/provider-limits.ts";
import { exhaustedAt } from "./quota-forecast.ts";

/** A provider as operators see it. */
export interface ProviderHealth {
  readonly provider: string;
  readonly state: BreakerState;
  /** What is wrong, in a sentence; null where nothing is. */
  readonly trouble: string | null;
  readonly since: Date | null;
  readonly openedBy: string | null;
  readonly reason: string | null;
  readonly nextProbeAt: Date | null;
  readonly limitedUntil: Date | null;
  readonly failures: number;
  readonly waitingRuns: number;
  readonly limits: readonly (Pick<BucketUse, "name" | "kind" | "maxCalls" | "used" | "share" | "endsAt"> & {
    readonly exhaustedAt: Date | null;
  })[];
  readonly lastHour: CallSums;
  readonly lastDay: CallSums;
}

/** The providers that have been called, by name. @param only one of them */
export async function providerHealth(
  { db, clock, config }: { readonly db: Db; readonly clock: Clock; readonly config: Pick<Config, "PROVIDER_LIMITS"> },
  only?: string,
): Promise<ProviderHealth[]> {
  const now = clock.now();
  const before = (ms: number) => new Date(now.getTime() - ms);
  const [states, uses, waiting, lastHour, lastDay] = await Promise.all([
    listProviderStates(db, only),
    bucketUses(db, now, only),
    runsWaitingForProviders(db, PROVIDER_WAIT),
    callSums(db, before(3_600_000), now),
    callSums(db, before(86_400_000), now),
  ]);
  return states.map((row) => {
    const { provider } = row;
    const inForce = new Set(limitsOf(provider, config.PROVIDER_LIMITS).map(({ name }) => name));
    const hour = lastHour.get(provider) ?? noCalls();
    const limits = uses
      .filter((use) => use.provider === provider && inForce.has(use.name))
      .map((use) => ({
        ...use,
        exhaustedAt: use.endsAt && exhaustedAt({ ...use, endsAt: use.endsAt, lastHour: hour.calls }, now),
      }));
    const waitingRuns = waiting.get(provider)?.runs ?? 0;
    const limitedUntil = row.limitedUntil && row.limitedUntil > now ? row.limitedUntil : null;
    return {
      provider,
      state: row.state,
      trouble: troubleOf(row, { waitingRuns, limitedUntil, limits, next: waiting.get(provider)?.next }, now),
      since: row.state === "closed" ? null : (row.failingSince ?? row.openedAt),
      openedBy: row.openedBy,
      reason: row.reason,
      nextProbeAt: row.nextProbeAt,
      limitedUntil,
      failures: row.failures,
      waitingRuns,
      limits,
      lastHour: hour,
      lastDay: lastDay.get(provider) ?? noCalls(),
    };
  });
}

/** A sentence without a full stop. */
function troubleOf(
  { provider, state, openedBy, openedAt, failingSince, nextProbeAt, reason }: ProviderState,
  {
    waitingRuns,
    limitedUntil,
    limits,
    next,
  }: Pick<ProviderHealth, "waitingRuns" | "limitedUntil" | "limits"> & { readonly next: Date | undefined },
  now: Date,
): string | null {
  const wait = waitingRuns === 0 ? "" : `; ${waitingRuns} ${waitingRuns === 1 ? "run waits" : "runs wait"}`;
  if (openedBy !== null) return `${openedBy} closed off ${provider} at ${iso(openedAt!)}: ${reason}${wait}`;
  if (state === "open") {
    const since = failingSince ?? openedAt!;
    const probe = nextProbeAt === null ? "" : `, next probe at ${iso(nextProbeAt)}`;
    return `${provider} has been down since ${iso(since)} (${inWords(now.getTime() - since.getTime())}): ${reason}${probe}${wait}`;
  }
  if (state === "half_open") return `${provider} answers again; calls start at a rising rate${wait}`;
  const spent = limits.find((limit) => limit.kind === "quota" && limit.used >= limit.maxCalls);
  if (spent) return `the quota of ${provider} (${spent.name}) is exhausted until ${iso(spent.endsAt!)}${wait}`;
  if (limitedUntil) return `${provider} asks to wait until ${iso(limitedUntil)}${wait}`;
  const early = limits.find(({ exhaustedAt: at }) => at !== null);
  if (early)
    return `the quota of ${provider} (${early.name}) is exhausted at ${iso(early.exhaustedAt!)} at this pace${wait}`;
  // Due runs start now.
  if (!next || next <= now) return null;
  return `${waitingRuns === 1 ? "1 run waits" : `${waitingRuns} runs wait`} for the rate limit of ${provider}`;
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}
