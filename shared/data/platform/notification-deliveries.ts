import { type SQL, sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Executor } from "../client.ts";
import { auditLog } from "./control-schema.ts";
import { NOT_ALLOWED } from "./new-notifications.ts";
import {
  type ChannelName,
  communicationAllowlist,
  type DeliveryState,
  type Notification,
  notificationDeliveries,
  notifications,
  pushSubscriptions,
} from "./notification-schema.ts";
import { jobRuns } from "./platform-schema.ts";

/** A notification that a run sends now, with its started deliveries. */
export interface ClaimedNotification extends Pick<
  Notification,
  "id" | "recipient" | "severity" | "type" | "title" | "body" | "data" | "createdAt"
> {
  readonly run: string;
  /** Counts the attempts of all runs of the notification. */
  readonly attempt: number;
  readonly deliveries: readonly StartedDelivery[];
  /** The permanent failure of the same run in another channel. */
  readonly failedBefore: string | null;
}

export interface StartedDelivery {
  readonly channel: ChannelName;
  /** Null for a channel without allow-list. */
  readonly address: string | null;
  readonly subscriptions: readonly { endpoint: string; keys: { p256dh: string; auth: string } }[];
  /** The start of the first earlier attempt whose message may have arrived. */
  readonly triedAt: Date | null;
  /** It is not known whether an earlier attempt arrived: its process ended, or its answer was lost. */
  readonly isUnknown: boolean;
  /**
   * The start of the first attempt of the same run, moved on by the time that later ones waited past their due time,
   * as behind a closed gate. Null in the first attempt.
   */
  readonly tryingSince: Date | null;
}

/**
 * Starts the next attempt of notifications in one statement. Each open channel gets a row `sending`; rows that a lost
 * process left in `sending` become `unknown`. Switches, quiet hours and the allow-list are checked again, and refused
 * channels get their final state. A channel that failed permanently in the same run stays closed; a replay opens it.
 * @returns the claimed notifications, without already sent ones
 */
export async function startDeliveries(
  tx: Executor,
  asked: readonly { readonly notification: string; readonly run: string }[],
  configured: ReadonlySet<ChannelName>,
  now: Date,
): Promise<ClaimedNotification[]> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const rows = await tx.execute(sql`
    with asked as (select * from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as a(notification uuid, run uuid)),
    claimed as (
      update ${notifications} n
         set state = 'sending', attempts = n.attempts + 1, sending_at = ${at}, settled_at = null, reason = null
        from asked where n.id = asked.notification and n.state <> 'sent'
      returning n.*, asked.run
    ),
    due as (
      select claimed.id, least(r.not_before, ${at}) as at from claimed join ${jobRuns} r on r.id = claimed.run
    ),
    earlier as (
      select d.notification_id, d.channel,
             bool_or(d.state in ('sent', 'suppressed', 'deferred') or (d.state = 'failed' and d.run_id = claimed.run)) as is_closed,
             min(d.started_at) filter (where d.state in ('sending', 'unknown', 'retrying')) as tried_at,
             bool_or(d.state in ('sending', 'unknown')) as is_unknown,
             min(coalesce(d.due_at, d.started_at)) filter (where d.run_id = claimed.run)
               + sum(d.started_at - coalesce(d.due_at, d.started_at)) filter (where d.run_id = claimed.run) as trying_since,
             min(d.reason) filter (where d.state = 'failed' and d.run_id = claimed.run) as failed_before
        from claimed join ${notificationDeliveries} d on d.notification_id = claimed.id
       group by d.notification_id, d.channel
    ),
    lost as (
      update ${notificationDeliveries} d
         set state = 'unknown', reason = 'the process ended before the answer was stored', ended_at = ${at}
        from claimed where d.notification_id = claimed.id and d.state = 'sending'
    ),
    refusals as (
      select family, bool_or(code = 'comms-disabled') as is_muted, max(reason) filter (where code = 'quiet-hours') as quiet
        from (select distinct family from claimed) families,
             lateral platform.gate_refusals('send_notification', family, '{comms,quiet}', ${at})
       group by family
    ),
    open as (
      select c.id, c.run, c.attempts, wanted.channel, a.address, s.subscriptions, e.tried_at, e.is_unknown, due.at as due_at,
             e.trying_since + (${at} - coalesce(due.at, ${at})) as trying_since,
             case when r.is_muted then 'comms disabled'
                  when not (wanted.channel = any (${plainArray([...configured])})) then 'channel not configured'
                  when wanted.channel <> 'webhook' and a.address is null and s.subscriptions is null then ${NOT_ALLOWED}
             end as refusal,
             case when c.severity in ('INFO', 'WARN') and c.read_at is null then r.quiet || ': in the next digest' end as quiet
        from claimed c cross join lateral unnest(c.channels) as wanted(channel)
        left join due on due.id = c.id
        left join earlier e on e.notification_id = c.id and e.channel = wanted.channel
        left join refusals r on r.family = c.family
        left join ${communicationAllowlist} a on a.recipient = c.recipient and a.channel = wanted.channel
        left join lateral (
          select jsonb_agg(jsonb_build_object('endpoint', endpoint, 'keys', jsonb_build_object('p256dh', p256dh, 'auth', auth))
                           order by endpoint) as subscriptions
            from ${pushSubscriptions} where wanted.channel = 'push' and recipient = c.recipient
        ) s on true
       where e.is_closed is distinct from true
    ),
    begun as (
      insert into ${notificationDeliveries} (notification_id, channel, attempt, run_id, state, reason, due_at, started_at, ended_at)
      select id, channel, attempts, run,
             case when refusal is not null then 'suppressed' when quiet is not null then 'deferred' else 'sending' end,
             coalesce(refusal, quiet), due_at, ${at}, case when refusal is not null or quiet is not null then ${at} end
        from open
      returning notification_id, channel, state, reason
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'notification suppressed', 'notification:' || notification_id, reason || ' for ' || channel
        from begun where reason = ${NOT_ALLOWED}
    )
    select c.id, c.run, c.attempts as attempt, c.recipient, c.severity, c.type, c.title, c.body, c.data, c.created_at,
           (select min(failed_before) from earlier e where e.notification_id = c.id) as failed_before,
           coalesce((select jsonb_agg(jsonb_build_object('channel', o.channel, 'address', o.address,
                                                         'subscriptions', coalesce(o.subscriptions, '[]'), 'triedAt', o.tried_at,
                                                         'isUnknown', coalesce(o.is_unknown, false),
                                                         'tryingSince', o.trying_since))
                       from open o where o.id = c.id and o.refusal is null and o.quiet is null), '[]') as deliveries
      from claimed c`);
  return [...rows].map(claimedOf);
}

/** The outcome of one delivery. */
export interface DeliveryOutcome {
  readonly notification: string;
  readonly channel: ChannelName;
  readonly attempt: number;
  readonly state: Extract<DeliveryState, "sent" | "retrying" | "failed" | "held" | "unknown">;
  readonly reason: string | null;
  readonly providerMessageId: string | null;
}

/** Stores the answers of providers in one statement. They are facts, so no lease is checked. */
export async function recordOutcomes(db: Executor, outcomes: readonly DeliveryOutcome[], now: Date): Promise<void> {
  await db.execute(sql`
    update ${notificationDeliveries} d
       set state = o.state, reason = o.reason, provider_message_id = o."providerMessageId", ended_at = ${now.toISOString()}::timestamptz
      from jsonb_to_recordset(${JSON.stringify(outcomes)}::jsonb)
           as o(notification uuid, channel text, attempt integer, state text, reason text, "providerMessageId" text)
     where d.notification_id = o.notification and d.channel = o.channel and d.attempt = o.attempt
       and d.state in ('sending', 'unknown')`);
}

/** Completes notifications whose channels are all closed without a failure. Others stay unchanged. */
export async function completeNotifications(tx: Executor, ids: readonly string[], now: Date): Promise<void> {
  const at = sql`${now.toISOString()}::timestamptz`;
  await tx.execute(sql`
    with standing as (${channelStates(ids)})
    update ${notifications} n
       set state = case when is_sent then 'sent' when is_deferred then 'pending' else 'suppressed' end,
           reason = case when is_sent then null else standing.reason end,
           settled_at = case when is_sent or not is_deferred then ${at} end,
           deferred_at = case when is_deferred then coalesce(n.deferred_at, ${at}) else n.deferred_at end,
           provider_message_id = standing.provider_message_id
      from standing
     where n.id = standing.id and n.state = 'sending' and is_closed`);
}

/** A notification whose run was discarded. */
export interface DiscardedNotification {
  readonly notification: string;
  readonly run: string;
  readonly state: "failed" | "suppressed";
  readonly reason: string;
}

/**
 * Ends notifications of discarded runs: deliveries that waited for a retry become `failed`. A notification that every
 * channel already delivered becomes `sent`.
 */
export async function discardNotifications(
  tx: Executor,
  discarded: readonly DiscardedNotification[],
  now: Date,
): Promise<void> {
  const at = sql`${now.toISOString()}::timestamptz`;
  const given = sql`jsonb_to_recordset(${JSON.stringify(discarded)}::jsonb) as g(notification uuid, run uuid, state text, reason text)`;
  await tx.execute(sql`
    update ${notificationDeliveries} d
       set state = case d.state when 'sending' then 'unknown' else 'failed' end,
           reason = coalesce(d.reason, 'the process ended before the answer was stored'), ended_at = coalesce(d.ended_at, ${at})
      from ${given}
     where d.notification_id = g.notification and d.run_id = g.run and d.state in ('sending', 'retrying', 'held')
       and not exists (select from ${notificationDeliveries} later
                        where later.notification_id = d.notification_id and later.channel = d.channel and later.attempt > d.attempt)`);
  await tx.execute(sql`
    with standing as (${channelStates(discarded.map(({ notification }) => notification))})
    update ${notifications} n
       set state = case when is_closed and is_sent then 'sent' else g.state end,
           reason = case when is_closed and is_sent then null else g.reason end,
           settled_at = ${at}, provider_message_id = coalesce(standing.provider_message_id, n.provider_message_id)
      from standing, ${given}
     where n.id = standing.id and g.notification = n.id and n.state in ('pending', 'sending')`);
}

/** Replaces the address of a recipient if it is still `from`. */
export async function updateAddress(
  db: Executor,
  { recipient, channel, from, to }: { recipient: string; channel: ChannelName; from: string; to: string },
): Promise<void> {
  await db.execute(sql`
    update ${communicationAllowlist} set address = ${to}
     where recipient = ${recipient} and channel = ${channel} and address = ${from}`);
}

/** Deletes push subscriptions that the push service rejected. */
export async function removeSubscriptions(db: Executor, endpoints: readonly string[]): Promise<void> {
  await db.execute(sql`
    delete from ${pushSubscriptions} where endpoint in (select jsonb_array_elements_text(${JSON.stringify(endpoints)}::jsonb))`);
}

/** The state of each notification from the last attempt in each channel. */
function channelStates(ids: readonly string[]): SQL {
  return sql`
    select n.id, bool_and(last.state is not null and last.state in ('sent', 'suppressed', 'deferred')) as is_closed,
           coalesce(bool_or(last.state = 'sent'), false) as is_sent,
           coalesce(bool_or(last.state = 'deferred'), false) as is_deferred,
           coalesce(min(last.reason) filter (where last.state = 'deferred'), min(last.reason)) as reason,
           max(last.provider_message_id) as provider_message_id
      from ${notifications} n cross join lateral unnest(n.channels) as wanted(channel)
      left join lateral (
        select d.state, d.reason, d.provider_message_id from ${notificationDeliveries} d
         where d.notification_id = n.id and d.channel = wanted.channel order by d.attempt desc limit 1
      ) last on true
     where n.id = any (${plainArray(ids)}::uuid[])
     group by n.id`;
}

function claimedOf(row: Record<string, unknown>): ClaimedNotification {
  type Instants = "triedAt" | "tryingSince";
  const deliveries = row.deliveries as (Omit<StartedDelivery, Instants> & Record<Instants, string | null>)[];
  const instant = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...(row as unknown as ClaimedNotification),
    createdAt: new Date(row.created_at as string | Date),
    failedBefore: row.failed_before as string | null,
    deliveries: deliveries.map(({ triedAt, tryingSince, ...each }) => ({
      ...each,
      triedAt: instant(triedAt),
      tryingSince: instant(tryingSince),
    })),
  };
}
