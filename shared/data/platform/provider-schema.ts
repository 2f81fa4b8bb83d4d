import { sql } from "drizzle-orm";
import { bigint, check, integer, primaryKey, text, timestamp } from "drizzle-orm/pg-core";
import { platform } from "./platform-schema.ts";

const instant = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });
const count = (name: string) =>
  bigint(name, { mode: "number" })
    .notNull()
    .default(sql`0`);

/** The states of a circuit breaker. `half_open`: the provider answers again, and calls start at a rising rate. */
export type BreakerState = "closed" | "open" | "half_open";

/**
 * The circuit breaker of each called provider, shared by all processes.
 * Retention: kept, one row per provider.
 */
export const providerStates = platform.table(
  "provider_states",
  {
    provider: text().primaryKey(),
    state: text().$type<BreakerState>().notNull().default("closed"),
    /** Consecutive failures of the provider's own kind: no response, a timeout, a status of 500 or more. */
    failures: integer().notNull().default(0),
    /** The first of them. */
    failingSince: instant("failing_since"),
    /** Null while it is closed. */
    openedAt: instant("opened_at"),
    /** The operator who opened it; null where the failures did. */
    openedBy: text("opened_by"),
    /** The last failure, or the reason of the operator. */
    reason: text(),
    /** Probes that failed since it opened: the delay of the next one doubles with each. */
    failedProbes: integer("failed_probes").notNull().default(0),
    /** Null where an operator has to close it. */
    nextProbeAt: instant("next_probe_at"),
    /** The call that probes, until when: a process that ends during its probe blocks the next one no longer. */
    probeHolder: text("probe_holder"),
    probeExpiresAt: instant("probe_expires_at"),
    /** When it became half open. */
    recoveringSince: instant("recovering_since"),
    /** When the next call of a half-open breaker may start. */
    rampNextAt: instant("ramp_next_at"),
    /** Until when the provider asked to wait (`Retry-After`). */
    limitedUntil: instant("limited_until"),
    /** The time of the last refused call: refused runs return one after another, not all at once. */
    refusedUntil: instant("refused_until"),
  },
  () => [
    check("provider_states_state", sql`state in ('closed', 'open', 'half_open')`),
    check("provider_states_opened", sql`(state = 'closed') = (opened_at is null)`),
    check("provider_states_recovering", sql`(state = 'half_open') = (recovering_since is not null)`),
    check("provider_states_probe", sql`(probe_holder is null) = (probe_expires_at is null)`),
  ],
);

/**
 * The rate limits and quotas of each called provider, with their use. All processes take from the same row.
 * Retention: kept, one row per limit.
 */
export const rateLimitBuckets = platform.table(
  "rate_limit_buckets",
  {
    provider: text().notNull(),
    /** The limit as the settings write it: `3/1s`, `800/day`, `search 5/1s`. */
    name: text().notNull(),
    kind: text().$type<"rate" | "quota">().notNull(),
    /** Calls that the provider allows in a period. */
    maxCalls: bigint("max_calls", { mode: "number" }).notNull(),
    /** Milliseconds of the period of a rate; null for a quota. */
    periodMs: bigint("period_ms", { mode: "number" }),
    /** The calendar period of a quota; null for a rate. */
    resets: text().$type<"day" | "month">(),
    /** Where its days begin. */
    zone: text().notNull().default("UTC"),
    /** Start of the period in which `used` counts: a period of the quota; of a rate, five minutes. */
    windowStart: instant("window_start").notNull(),
    used: count("used"),
    /** The calls of the period before. */
    usedBefore: count("used_before"),
    /** Of a rate: the starts of its last `max_calls` calls, those included that start in a few seconds. */
    recent: instant("recent")
      .array()
      .notNull()
      .default(sql`'{}'`),
  },
  (bucket) => [
    primaryKey({ columns: [bucket.provider, bucket.name] }),
    check("rate_limit_buckets_limit", sql`max_calls > 0 and period_ms > 0 and used >= 0`),
    check("rate_limit_buckets_kind", sql`kind in ('rate', 'quota')`),
    check(
      "rate_limit_buckets_period",
      sql`(kind = 'rate') = (period_ms is not null) and (kind = 'quota') = (resets is not null)`,
    ),
    check("rate_limit_buckets_resets", sql`resets in ('day', 'month')`),
  ],
);

/**
 * Calls to providers by provider and minute: how many, how many failed, how long they took, what they cost.
 * Retention: `prune_run_ledger` deletes minutes after API_CALLS_RETENTION_DAYS.
 */
export const apiCalls = platform.table(
  "api_calls",
  {
    provider: text().notNull(),
    minute: instant("minute").notNull(),
    calls: count("calls"),
    /** Calls that ended without a usable response. */
    errors: count("errors"),
    /** Those of them that the rate limit of the provider refused. */
    limited: count("limited"),
    /** Calls that the layer did not make: breaker, quota or rate limit. They are not in `calls`. */
    refused: count("refused"),
    /** The sum over the calls. */
    durationMs: count("duration_ms"),
    /** Millionths of a US cent, where known. */
    microcents: count("microcents"),
  },
  (row) => [primaryKey({ columns: [row.minute, row.provider] })],
);

export type ProviderState = typeof providerStates.$inferSelect;
export type RateLimitBucket = typeof rateLimitBuckets.$inferSelect;
export type ApiCalls = typeof apiCalls.$inferSelect;
