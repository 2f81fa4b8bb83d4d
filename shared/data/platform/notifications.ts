import { sql, type SQL } from "drizzle-orm";
import { textArray } from "../array-literal.ts";
import type { Executor, Tx } from "../client.ts";
import {
  communicationAllowlist,
  notificationDeliveries,
  notifications,
  pushSubscriptions,
  type ChannelName,
  type DeliveryState,
  type Notification,
} from "./notification-schema.ts";
import { auditLog } from "./steering-schema.ts";

/** A notification as its maker and the router made it. */
export type NewNotificationRow = Pick<
  Notification,
  | "id"
  | "family"
  | "recipient"
  | "channels"
  | "severity"
  | "type"
  | "title"
  | "body"
  | "data"
  | "dedupeKey"
  | "state"
  | "reason"
> & {
  /** Waits for the next digest. */
  readonly isDeferred: boolean;
  /** Stands in no list of unread ones: it is a carrier of others. */
  readonly isRead: boolean;
  /** The channels that are settled with its making. */
  readonly settled: readonly SettledChannel[];
};

/** The reason where a person stands on no allow-list; each case is audited. */
export const NOT_ALLOWED = "not on the allow-list";

export interface SettledChannel {
  readonly channel: ChannelName;
  readonly state: Extract<DeliveryState, "sent" | "suppressed" | "deferred">;
  readonly reason: string | null;
}

/**
 * Stores notifications with what is settled of them already, in two statements however many they are. One whose recipient was told
 * under its dedupe key before is left out.
 * @returns the ids that were stored
 */
export async function insertNotifications(
  tx: Tx,
  rows: readonly NewNotificationRow[],
  now: Date,
): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const at = sql`${now.toISOString()}::timestamptz`;
  const { kinds, kindOf } = kindsOf(rows);
  const stored = await tx.execute<{ id: string }>(sql`
    insert into ${notifications} (id, family, recipient, channels, severity, type, title, body, data, dedupe_key, state, reason,
                                  created_at, settled_at, deferred_at, read_at)
    select id, family, recipient, channels, severity, type, title, body, data, dedupe_key, state, reason, ${at},
           case when state in ('sent', 'suppressed') then ${at} end, case when "isDeferred" then ${at} end,
           case when "isRead" then ${at} end
      from unnest(
             ${`{${rows.map(({ id }) => id).join(",")}}`}::uuid[], ${`{${kindOf.join(",")}}`}::integer[],
             ${textArray(rows.map(({ recipient }) => recipient))}::text[],
             ${textArray(rows.map(({ title }) => title))}::text[], ${textArray(rows.map(({ body }) => body))}::text[],
             ${textArray(rows.map(({ data }) => JSON.stringify(data)))}::jsonb[],
             ${textArray(rows.map(({ dedupeKey }) => dedupeKey))}::text[]
           ) as n(id, kind, recipient, title, body, data, dedupe_key)
      join jsonb_to_recordset(${kinds}::jsonb) as k(
             kind integer, family text, channels text[], severity text, type text, state text, reason text,
             "isDeferred" boolean, "isRead" boolean) using (kind)
     -- Two transactions with overlapping keys must not wait for each other in opposite order.
     order by recipient collate "C", dedupe_key collate "C"
    on conflict do nothing
    returning id`);
  const ids = new Set(stored.map(({ id }) => id));
  const made = rows.flatMap(({ id }, i) => (ids.has(id) ? [{ id, kind: kindOf[i]! }] : []));
  await tx.execute(sql`
    with settled as (
      insert into ${notificationDeliveries} (notification_id, channel, attempt, state, reason, started_at, ended_at)
      select made.id, s.channel, 0, s.state, s.reason, ${at}, ${at}
        from unnest(
               ${`{${made.map(({ id }) => id).join(",")}}`}::uuid[], ${`{${made.map(({ kind }) => kind).join(",")}}`}::integer[]
             ) as made(id, kind)
        join (select k.kind, s.*
                from jsonb_to_recordset(${kinds}::jsonb) as k(kind integer, settled jsonb),
                     jsonb_to_recordset(k.settled) as s(channel text, state text, reason text)) as s using (kind)
      returning notification_id, channel, reason
    )
    insert into ${auditLog} (at, who, action, subject, reason)
    select ${at}, 'gate', 'notification suppressed', 'notification:' || notification_id, reason || ' for ' || channel
      from settled where reason = ${NOT_ALLOWED}`);
  return ids;
}

/**
 * What notifications have in common, each once and numbered, with the number of each row's. Of a page of reminders there are a
 * few kinds at most, so that what PostgreSQL reads of a row are its own texts.
 */
function kindsOf(rows: readonly NewNotificationRow[]): { kinds: string; kindOf: number[] } {
  const numbers = new Map<string, number>();
  const kinds: unknown[] = [];
  const kindOf = rows.map(({ family, channels, severity, type, state, reason, isDeferred, isRead, settled }) => {
    const kind = { family, channels, severity, type, state, reason, isDeferred, isRead, settled };
    const key = JSON.stringify(kind);
    const known = numbers.get(key);
    if (known !== undefined) return known;
    numbers.set(key, kinds.length);
    return kinds.push({ kind: kinds.length, ...kind }) - 1;
  });
  return { kinds: JSON.stringify(kinds), kindOf };
}

/** What the router has to know about the world outside of a notification. */
export interface RoutingFacts {
  /** Families in which sending to people is switched off, there or for all. */
  readonly muted: ReadonlySet<string>;
  /** Families in which it is quiet now, with the reason in words. */
  readonly quiet: ReadonlyMap<string, string>;
  /** `recipient` and channel of all who may be reached, as `reachKey` writes them. */
  readonly reachable: ReadonlySet<string>;
}

/** Names a recipient in a channel. */
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
