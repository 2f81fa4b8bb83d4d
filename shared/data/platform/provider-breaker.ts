import { type SQL, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { dateOf } from "../sql-instant.ts";
import { recordAudit } from "./audit-log.ts";
import { type BreakerState, providerStates } from "./provider-schema.ts";

/** When a breaker opens, and when it probes. */
export interface BreakerPolicy {
  /** Consecutive failures that open it. */
  readonly failures: number;
  /** Delay of the first probe, which doubles with each probe that fails. */
  readonly probeDelayMs: number;
  readonly longestProbeDelayMs: number;
}

/** A call whose end changes its breaker. */
export interface EndedCall {
  readonly provider: string;
  readonly holder: string;
  /** When it began, by the database's clock. */
  readonly begunAt: Date;
  /** Null: the database's clock. */
  readonly now: Date | null;
}

export interface BreakerChange {
  readonly now: Date;
  readonly state: BreakerState;
  readonly before: BreakerState;
  readonly openedAt: Date | null;
  readonly failingSince: Date | null;
  readonly nextProbeAt: Date | null;
  readonly reason: string | null;
}

function at(now: Date | null): SQL {
  return sql`coalesce(${now?.toISOString() ?? null}::timestamptz, clock_timestamp())::timestamptz(3)`;
}

/**
 * Counts a failure of the provider's own kind. The one that reaches the limit opens the breaker; so does each while it
 * is half open. The failed probe of an open one delays the next.
 */
export async function recordFailure(
  tx: Tx,
  { provider, holder, begunAt, now }: EndedCall,
  { failures, probeDelayMs, longestProbeDelayMs }: BreakerPolicy,
  reason: string,
): Promise<BreakerChange | undefined> {
  const opens = sql`(old.opened_by is null and (old.state = 'closed' and old.failures + 1 >= ${failures}
    -- A call from before the recovery proves nothing about it.
    or old.state = 'half_open' and old.recovering_since <= ${begunAt.toISOString()}::timestamptz))`;
  const isProbe = sql`(old.state = 'open' and old.probe_holder is not distinct from ${holder})`;
  const failedProbes = sql`(old.failed_probes + case when ${isProbe} or old.state = 'half_open' then 1 else 0 end)`;
  const delay = sql`least(${longestProbeDelayMs}::float8, ${probeDelayMs}::float8 * power(2, least(${failedProbes}, 20))) * interval '1 millisecond'`;
  const rows = await tx.execute<ChangeRow>(sql`
    update ${providerStates} s
       set failures = old.failures + 1,
           failing_since = coalesce(old.failing_since, old.now),
           reason = case when old.opened_by is null then ${reason} else old.reason end,
           state = case when ${opens} then 'open' else old.state end,
           opened_at = case when ${opens} then coalesce(old.opened_at, old.now) else old.opened_at end,
           recovering_since = case when ${opens} then null else old.recovering_since end,
           failed_probes = case when ${opens} or ${isProbe} then ${failedProbes} else old.failed_probes end,
           next_probe_at = case when ${opens} or ${isProbe} then old.now + ${delay} else old.next_probe_at end,
           probe_holder = case when ${isProbe} then null else old.probe_holder end,
           probe_expires_at = case when ${isProbe} then null else old.probe_expires_at end
      from (select o.*, ${at(now)} as now from ${providerStates} o where o.provider = ${provider} for update) old
     where s.provider = old.provider
    returning ${CHANGE}`);
  return changeOf(rows[0]);
}

/**
 * Records that the provider answered: ends a series of failures; that of the probe makes an open breaker half open.
 * @returns undefined when that changes nothing
 */
export async function recordSuccess(
  db: Executor,
  { provider, holder, begunAt, now }: EndedCall,
): Promise<BreakerChange | undefined> {
  const rows = await db.execute<ChangeRow>(sql`
    update ${providerStates} s
       set failures = 0, probe_holder = null, probe_expires_at = null,
           failing_since = case when old.state = 'open' then old.failing_since end,
           state = case when old.state = 'open' then 'half_open' else old.state end,
           recovering_since = case when old.state = 'open' then old.now end,
           ramp_next_at = case when old.state = 'open' then old.now else old.ramp_next_at end,
           refused_until = null
      from (select o.*, ${at(now)} as now from ${providerStates} o where o.provider = ${provider} for update) old
     where s.provider = old.provider
       and (old.state = 'closed' and old.failures > 0 and old.failing_since <= ${begunAt.toISOString()}::timestamptz
            or old.state = 'open' and old.opened_by is null and old.probe_holder = ${holder})
    returning ${CHANGE}`);
  return changeOf(rows[0]);
}

/** Gives a probe back whose outcome is unknown: its caller stopped, or the call was not sent. */
export async function releaseProbe(db: Executor, { provider, holder }: EndedCall): Promise<void> {
  await db.execute(sql`
    update ${providerStates} set probe_holder = null, probe_expires_at = null
     where provider = ${provider} and probe_holder = ${holder}`);
}

/** Keeps all processes from calling a provider for a time, an hour at most. The longest such time holds. */
export async function limitProvider(
  db: Executor,
  { provider, waitMs, now }: { readonly provider: string; readonly waitMs: number; readonly now: Date | null },
): Promise<void> {
  const asked = sql`${at(now)} + ${Math.min(waitMs, 3_600_000)}::float8 * interval '1 millisecond'`;
  await db.execute(sql`
    update ${providerStates}
       -- A time that is further ahead was written by a clock that was ahead.
       set limited_until = case when limited_until between ${asked} and ${at(now)} + interval '1 hour' then limited_until else ${asked} end
     where provider = ${provider}`);
}

/** Closes half-open breakers whose ramp is over. */
export async function closeRecovered(tx: Tx, now: Date | null): Promise<(BreakerChange & { provider: string })[]> {
  const rows = await tx.execute<ChangeRow & { provider: string }>(sql`
    update ${providerStates} s
       set state = 'closed', failures = 0, failing_since = null, opened_at = null, opened_by = null, reason = null,
           failed_probes = 0, next_probe_at = null, recovering_since = null, ramp_next_at = null
      from (select o.*, ${at(now)} as now from ${providerStates} o
             where o.state = 'half_open' and ${at(now)} not between o.recovering_since and o.recovering_since + interval '2 minutes'
             order by o.provider for update) old
     where s.provider = old.provider
    returning s.provider, ${CHANGED_FROM}`);
  return rows.map((row) => ({ ...changeOf(row)!, provider: row.provider }));
}

export interface OperatorChange {
  readonly provider: string;
  readonly who: string;
  readonly reason: string;
  readonly now: Date;
}

/** Opens a breaker until an operator closes it, and audits it. Undefined for an unknown provider. */
export async function openBreaker(tx: Tx, change: OperatorChange): Promise<BreakerChange | undefined> {
  const { provider, who, reason, now } = change;
  const rows = await tx.execute<ChangeRow>(sql`
    update ${providerStates} s
       set state = 'open', opened_at = coalesce(old.opened_at, old.now), opened_by = ${who}, reason = ${reason},
           recovering_since = null, next_probe_at = null, probe_holder = null, probe_expires_at = null
      from (select o.*, ${at(now)} as now from ${providerStates} o where o.provider = ${provider} for update) old
     where s.provider = old.provider
    returning ${CHANGE}`);
  return audited(tx, change, "provider opened", changeOf(rows[0]));
}

/** Makes a breaker half open: calls start again at a rising rate. Audited. Undefined for an unknown provider. */
export async function closeBreaker(tx: Tx, change: OperatorChange): Promise<BreakerChange | undefined> {
  const { provider, now } = change;
  const rows = await tx.execute<ChangeRow>(sql`
    update ${providerStates} s
       set state = case when old.state = 'open' then 'half_open' else old.state end, failures = 0,
           recovering_since = case when old.state = 'open' then old.now else old.recovering_since end,
           ramp_next_at = case when old.state = 'open' then old.now else old.ramp_next_at end,
           opened_by = null, next_probe_at = null, probe_holder = null, probe_expires_at = null,
           limited_until = null, refused_until = null
      from (select o.*, ${at(now)} as now from ${providerStates} o where o.provider = ${provider} for update) old
     where s.provider = old.provider
    returning ${CHANGE}`);
  return audited(tx, change, "provider closed", changeOf(rows[0]));
}

async function audited(
  tx: Tx,
  { provider, who, reason, now }: OperatorChange,
  action: string,
  change: BreakerChange | undefined,
): Promise<BreakerChange | undefined> {
  if (!change) return undefined;
  const [before, after] = [{ state: change.before }, { state: change.state }];
  await recordAudit(tx, { at: now, who, action, subject: `provider:${provider}`, reason, before, after });
  return change;
}

const CHANGE = sql`old.now, old.state as before, s.state, s.opened_at, s.failing_since, s.next_probe_at, s.reason`;
/** Of a breaker that closes, with its outage. */
const CHANGED_FROM = sql`old.now, old.state as before, s.state, old.opened_at, old.failing_since, s.next_probe_at, old.reason`;

type ChangeRow = Record<"now" | "opened_at" | "failing_since" | "next_probe_at", string | null> & {
  readonly before: BreakerState;
  readonly state: BreakerState;
  readonly reason: string | null;
};

function changeOf(row: ChangeRow | undefined): BreakerChange | undefined {
  return (
    row && {
      now: dateOf(row.now)!,
      state: row.state,
      before: row.before,
      openedAt: dateOf(row.opened_at),
      failingSince: dateOf(row.failing_since),
      nextProbeAt: dateOf(row.next_probe_at),
      reason: row.reason,
    }
  );
}
