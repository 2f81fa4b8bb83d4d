import { randomUUID } from "node:crypto";
import { setTimeout as sleepFor } from "node:timers/promises";
import type { Db, Tx } from "#data/client.ts";
import {
  type BreakerChange,
  type BreakerPolicy,
  closeRecovered,
  type EndedCall,
  limitProvider,
  recordFailure,
  recordSuccess,
  releaseProbe,
} from "#data/platform/provider-breaker.ts";
import { beginCall, type CallGrant, registerProvider } from "#data/platform/provider-calls.ts";
import type { CallOutcome, CallPolicy, PlannedCall, StartedCall } from "#jobs/call-policy.ts";
import type { JobLog } from "#jobs/job-log.ts";
import type { ProviderWait } from "#jobs/provider-wait.ts";
import { ProviderNotCalled } from "#providers/provider-error.ts";
import type { Clock } from "#schedule/clock.ts";
import type { Config } from "#settings/config.ts";
import { holdsFor, limitsOf } from "#settings/provider-limits.ts";
import { CallCounter } from "./call-counter.ts";
import { type CallVerdict, verdictOn } from "./call-verdict.ts";
import { breakerWait, grantWait } from "./provider-wait-words.ts";

/** A call waits in place for its rate limit up to this; its run waits for a longer time. */
const HORIZON_MS = 5_000;
/** Work of low priority gives way earlier. */
const LOW_HORIZON_MS = 1_000;
/** Calls that follow a refused one within this time are refused without the database. */
const REFUSED_MS = 500;
/** After a rate limit without a stated wait. */
const DEFAULT_LIMIT_MS = 5_000;

export interface PolicyDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly settings: Pick<
    Config,
    | "PROVIDER_LIMITS"
    | "PROVIDER_BREAKER_FAILURES"
    | "PROVIDER_PROBE_DELAY"
    | "PROVIDER_PROBE_MAX_DELAY"
    | "PROVIDER_LONGEST_OUTAGE"
  >;
  readonly log: Pick<JobLog, "info" | "warn">;
  /** Notifies in the transaction that opens or closes a breaker. */
  readonly changed: (tx: Tx, provider: string, change: BreakerChange) => Promise<void>;
  /** Wakes the runs that wait for a provider that answers again. */
  readonly recovering: (provider: string) => Promise<void>;
  /** Waits for a rate limit. Only tests with a simulated clock replace it. */
  readonly sleep?: (ms: number, signal: AbortSignal | undefined) => Promise<void>;
}

/** Who makes calls. */
export interface Caller {
  /** Yields to other work where a quota or a recovering provider is short. */
  readonly isLow: boolean;
}

/**
 * The policy of calls to providers, over the database: one statement begins a call. Rate limits, quotas and circuit
 * breakers hold for all processes together.
 */
export class ProviderCallPolicies {
  readonly #deps: PolicyDependencies;
  readonly #counter: CallCounter;
  readonly #registered = new Map<string, Promise<void>>();
  readonly #refused = new Map<string, { readonly until: number; readonly error: ProviderNotCalled }>();

  constructor(deps: PolicyDependencies) {
    this.#deps = deps;
    this.#counter = new CallCounter(deps);
  }

  of({ isLow }: Caller): CallPolicy {
    return {
      begin: (call) => this.#begin(call, isLow),
      limited: async (provider, waitMs) => {
        await this.#register(provider);
        await limitProvider(this.#deps.db, { provider, waitMs, now: this.#simulatedNow() });
      },
    };
  }

  /** Stores the counts of calls that are not stored yet. */
  flush(): Promise<void> {
    return this.#counter.flush();
  }

  /** Closes half-open breakers whose ramp is over, also those of providers without calls. */
  async closeRecovered(): Promise<void> {
    const { db, changed, recovering } = this.#deps;
    const closed = await db.transaction(async (tx) => {
      const changes = await closeRecovered(tx, this.#simulatedNow());
      for (const change of changes) await changed(tx, change.provider, change);
      return changes;
    });
    // Again, for runs that a process which ended after its probe did not wake.
    for (const { provider } of closed) await recovering(provider);
  }

  async #begin({ provider, path, signal }: PlannedCall, isLow: boolean): Promise<StartedCall> {
    const key = `${provider} ${isLow}`;
    const refused = this.#refused.get(key);
    if (refused && refused.until > performance.now()) throw refused.error;
    const holder = randomUUID();
    const grant = await this.#ask({ provider, path, isLow, holder });
    if (grant.isRampOver) void this.#unlessDatabaseFails("closing a circuit breaker", () => this.closeRecovered());
    if (grant.waitMs === null) {
      this.#counter.add(provider, grant.now, { refused: 1 });
      const { PROVIDER_LONGEST_OUTAGE: longestMs } = this.#deps.settings;
      const error = new ProviderNotCalled(grantWait(provider, grant), isTooLong(grant, longestMs));
      if (!this.#deps.clock.isSimulated) this.#refused.set(key, { until: performance.now() + REFUSED_MS, error });
      throw error;
    }
    const call: EndedCall = { provider, holder, begunAt: grant.now, now: this.#simulatedNow() };
    try {
      if (grant.waitMs > 0) await this.#sleep(grant.waitMs, signal);
      signal?.throwIfAborted();
    } catch (error) {
      if (grant.isProbe) await releaseProbe(this.#deps.db, call);
      throw error;
    }
    const startedAt = performance.now();
    let hasEnded = false;
    return {
      ended: async (outcome) => {
        if (hasEnded) return undefined;
        hasEnded = true;
        const verdict = verdictOn(outcome);
        const isError = outcome.error !== undefined || (outcome.status ?? 0) >= 400;
        this.#counter.add(provider, grant.now, {
          calls: 1,
          errors: isError ? 1 : 0,
          limited: verdict === "limited" ? 1 : 0,
          durationMs: Math.round(performance.now() - startedAt),
          microcents: Math.round(outcome.microcents ?? 0),
        });
        // The caller has its response, or its error: a failing database must not replace it.
        return this.#unlessDatabaseFails("recording the end of a call", () =>
          this.#ended({ ...call, now: this.#simulatedNow() }, grant, verdict, outcome),
        );
      },
    };
  }

  async #ask(call: { provider: string; path: string; isLow: boolean; holder: string }): Promise<CallGrant> {
    const { provider, path, isLow, holder } = call;
    const limits = limitsOf(provider, this.#deps.settings.PROVIDER_LIMITS).filter((limit) => holdsFor(limit, path));
    const buckets = limits.map(({ name }) => name);
    const horizonMs = this.#horizonMs(isLow);
    const ask = async () => {
      await this.#register(provider);
      return beginCall(this.#deps.db, { provider, buckets, holder, horizonMs, isLow, now: this.#simulatedNow() });
    };
    const grant = await ask();
    if (grant) return grant;
    // Its rows were deleted since this process made them.
    this.#registered.delete(provider);
    return (await ask())!;
  }

  async #register(provider: string): Promise<void> {
    const registered = this.#registered.get(provider);
    if (registered) return registered;
    const limits = limitsOf(provider, this.#deps.settings.PROVIDER_LIMITS);
    const registering = registerProvider(this.#deps.db, provider, limits);
    this.#registered.set(provider, registering);
    registering.catch(() => this.#registered.delete(provider));
    return registering;
  }

  async #ended(
    call: EndedCall,
    grant: CallGrant,
    verdict: CallVerdict,
    { error, status, retryAfterMs }: CallOutcome,
  ): Promise<ProviderWait | undefined> {
    const { db, changed, recovering, log, settings } = this.#deps;
    const { provider } = call;
    if (verdict === "limited" || (verdict === "failed" && retryAfterMs !== undefined)) {
      await limitProvider(db, { provider, waitMs: retryAfterMs ?? DEFAULT_LIMIT_MS, now: call.now });
    }
    if (verdict === "failed") {
      const reason = error?.message ?? `it answered ${status}`;
      const change = await db.transaction(async (tx) => {
        const recorded = await recordFailure(tx, call, breakerPolicy(settings), reason.slice(0, 500));
        if (recorded?.before === "closed" && recorded.state === "open") await changed(tx, provider, recorded);
        return recorded;
      });
      if (!change || change.state !== "open") return undefined;
      if (change.before !== "open") log.warn("The circuit breaker of a provider opened", { provider, reason });
      return isTooLong(change, settings.PROVIDER_LONGEST_OUTAGE) ? undefined : breakerWait(provider, change);
    }
    if (verdict === "answered" && (grant.isProbe || grant.failures > 0)) {
      const change = await recordSuccess(db, call);
      if (change?.state === "half_open") {
        log.info("A provider answers again; calls start at a rising rate", { provider });
        await recovering(provider);
      }
    } else if (grant.isProbe) await releaseProbe(db, call);
    return undefined;
  }

  /** Undefined after a failure, which is logged. */
  async #unlessDatabaseFails<T>(what: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      this.#deps.log.warn(`The provider layer failed at ${what}`, { error });
      return undefined;
    }
  }

  async #sleep(ms: number, signal: AbortSignal | undefined): Promise<void> {
    const { sleep = sleepUntil, clock } = this.#deps;
    if (sleep !== sleepUntil || !clock.isSimulated) await sleep(ms, signal);
  }

  /** A simulated clock does not pass during a wait: then rates neither wait nor refuse. */
  #horizonMs(isLow: boolean): number {
    if (this.#deps.clock.isSimulated && !this.#deps.sleep) return 86_400_000;
    return isLow ? LOW_HORIZON_MS : HORIZON_MS;
  }

  #simulatedNow(): Date | null {
    return this.#deps.clock.isSimulated ? this.#deps.clock.now() : null;
  }
}

function breakerPolicy(settings: PolicyDependencies["settings"]): BreakerPolicy {
  return {
    failures: settings.PROVIDER_BREAKER_FAILURES,
    probeDelayMs: settings.PROVIDER_PROBE_DELAY,
    longestProbeDelayMs: settings.PROVIDER_PROBE_MAX_DELAY,
  };
}

/** Whether an outage has lasted so long that waiting for it counts as failing. */
function isTooLong(
  { openedAt, now, ...facts }: Pick<BreakerChange, "openedAt" | "now"> & Partial<Pick<CallGrant, "openedBy" | "limit">>,
  longestMs: number,
): boolean {
  if (openedAt === null || facts.openedBy || facts.limit) return false;
  return now.getTime() - openedAt.getTime() > longestMs;
}

async function sleepUntil(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleepFor(ms, undefined, signal && { signal });
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  }
}
