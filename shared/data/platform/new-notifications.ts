import { type SQL, sql } from "drizzle-orm";
import { textArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import { auditLog } from "./control-schema.ts";
import {
  type ChannelName,
  communicationAllowlist,
  type DeliveryState,
  type Notification,
  notificationDeliveries,
  notifications,
  pushSubscriptions,
} from "./notification-schema.ts";

/** The fields that notifications with the same origin and routing share. */
export interface NotificationKind extends Pick<
  Readonly<Notification>,
  "family" | "severity" | "type" | "state" | "reason"
> {
  readonly channels: readonly ChannelName[];
  /** Waits for the next digest. */
  readonly isDeferred: boolean;
  /** Not listed as unread: it carries other notifications. */
  readonly isRead: boolean;
  /** The channels that need no delivery attempt. */
  readonly settled: readonly SettledChannel[];
}

/** A notification after routing. */
export interface NewNotificationRow extends Pick<
  Readonly<Notification>,
  "id" | "recipient" | "title" | "body" | "dedupeKey"
> {
  /** The same object for all notifications of a kind: a page of reminders has only a few kinds. */
  readonly kind: NotificationKind;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The reason for a recipient without an allow-list entry; each case is audited. */
export const NOT_ALLOWED = "not on the allow-list";

export interface SettledChannel {
  readonly channel: ChannelName;
  readonly state: Extract<DeliveryState, "sent" | "suppressed" | "deferred">;
  readonly reason: string | null;
}

/**
 * Stores notifications with their settled channels, in one statement for any number. A notification whose recipient
 * already has one with its dedupe key is left out.
 * @returns the ids of the left out notifications
 */
export async function insertNotifications(
  tx: Tx,
  rows: readonly NewNotificationRow[],
  now: Date,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const at = sql`${now.toISOString()}::timestamptz`;
  const kinds = [...new Set(rows.map(({ kind }) => kind))];
  const numbers = new Map(kinds.map((kind, number) => [kind, number]));
  const leftOut = await tx.execute<{ id: string }>(sql`
    with kinds as materialized (
      select * from jsonb_to_recordset(${JSON.stringify(kinds.map((kind, number) => ({ number, ...kind })))}::jsonb) as k(
        number integer, family text, channels text[], severity text, type text, state text, reason text,
        "isDeferred" boolean, "isRead" boolean, settled jsonb)
    ),
    -- Materialised, so that it is read once per kind and not per notification.
    settlements as materialized (
      select number, s.* from kinds, jsonb_to_recordset(settled) as s(channel text, state text, reason text)
    ),
    asked as materialized (
      select * from rows from (
        unnest(${`{${rows.map(({ id }) => id).join(",")}}`}::uuid[]),
        unnest(${`{${rows.map(({ kind }) => numbers.get(kind)).join(",")}}`}::integer[]),
        unnest(${textArray(rows.map(({ recipient }) => recipient))}::text[]),
        unnest(${textArray(rows.map(({ title }) => title))}::text[]),
        unnest(${textArray(rows.map(({ body }) => body))}::text[]),
        unnest(${textArray(rows.map(({ dedupeKey }) => dedupeKey))}::text[]),
        jsonb_array_elements(${JSON.stringify(rows.map(({ data }) => data))}::jsonb)
      ) as n(id, number, recipient, title, body, dedupe_key, data)
    ),
    stored as (
      insert into ${notifications} (id, family, recipient, channels, severity, type, title, body, data, dedupe_key, state,
                                    reason, created_at, settled_at, deferred_at, read_at)
      select id, family, recipient, channels, severity, type, title, body, data, dedupe_key, state, reason, ${at},
             case when state in ('sent', 'suppressed') then ${at} end, case when "isDeferred" then ${at} end,
             case when "isRead" then ${at} end
        from asked join kinds using (number)
       -- One lock order, so that two transactions with overlapping keys cannot deadlock.
       order by recipient collate "C", dedupe_key collate "C"
      on conflict (recipient, dedupe_key) where dedupe_key is not null do nothing
      returning id
    ),
    settled as (
      insert into ${notificationDeliveries} (notification_id, channel, attempt, state, reason, started_at, ended_at)
      select id, s.channel, 0, s.state, s.reason, ${at}, ${at}
        from stored join asked using (id) join settlements s using (number)
      returning notification_id, channel, reason
    ),
    audited as (
      insert into ${auditLog} (at, who, action, subject, reason)
      select ${at}, 'gate', 'notification suppressed', 'notification:' || notification_id, reason || ' for ' || channel
        from settled where reason = ${NOT_ALLOWED}
    )
    select id from asked where id not in (select id from stored)`);
  return new Set(leftOut.map(({ id }) => id));
}

/** The facts that routing needs beside the notification. */
export interface RoutingFacts {
  /** Families whose comms gate is closed, globally or for the family. */
  readonly muted: ReadonlySet<string>;
  /** Families in quiet hours, with the reason. */
  readonly quiet: ReadonlyMap<string, string>;
  /** The reachable recipients and channels, as keys of `reachKey`. */
  readonly reachable: ReadonlySet<string>;
}

/** The key of a recipient in a channel. */
export function reachKey(recipient: string, channel: ChannelName): string {
  return `${channel} ${recipient}`;
}

/** Reads the switches, the quiet hours and the allow-list for these families and recipients, in one statement. */
export async function routingFacts(
  db: Executor,
  { families, recipients }: { families: readonly string[]; recipients: readonly string[] },
  now: Date,
): Promise<RoutingFacts> {
  const rows = await db.execute<{ kind: string; name: string; detail: string }>(sql`
    with wanted as (select jsonb_array_elements_text(${JSON.stringify(recipients)}::jsonb) as recipient)
    select refusal.code as kind, family as name, refusal.reason as detail
      from jsonb_array_elements_text(${JSON.stringify(families)}::jsonb) as family,
           platform.gate_refusals('send_notification', family, '{comms,quiet}', ${now.toISOString()}::timestamptz) as refusal
     where refusal.code in ('comms-disabled', 'quiet-hours')
    union all
    select 'reachable', allowed.recipient, allowed.channel
      from ${communicationAllowlist} allowed where ${isWanted("allowed")}
    union all
    select distinct 'reachable', subscription.recipient, 'push'
      from ${pushSubscriptions} subscription where ${isWanted("subscription")}`);
  const of = (wanted: string) => rows.filter(({ kind }) => kind === wanted);
  return {
    muted: new Set(of("comms-disabled").map(({ name }) => name)),
    quiet: new Map(of("quiet-hours").map(({ name, detail }) => [name, detail])),
    reachable: new Set(of("reachable").map(({ name, detail }) => reachKey(name, detail as ChannelName))),
  };
}

function isWanted(table: string): SQL {
  return sql.raw(`${table}.recipient in (select recipient from wanted)`);
}
