import type { Tx } from "#data/client.ts";
import { insertNotifications, type NotificationKind } from "#data/platform/new-notifications.ts";
import { rowId } from "#data/row-ids.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import type { Severity } from "./notification.ts";

export interface InAppNotice {
  readonly recipient: string;
  readonly type: string;
  readonly severity: Severity;
  readonly title: string;
  /** Truncated to 2,000 characters. */
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly dedupeKey: string;
}

/**
 * Stores notifications that are delivered in the app at once: for runs that end without their job, when no process can
 * send them over an outside channel.
 */
export async function insertInAppNotices(
  tx: Tx,
  family: string,
  notices: readonly InAppNotice[],
  now: Date,
): Promise<void> {
  const rows = notices.map(({ recipient, title, body, data, dedupeKey, type, severity }) => ({
    id: rowId(now),
    recipient,
    title,
    body: jsonbSafeText(body, 2_000),
    data,
    dedupeKey,
    kind: { ...IN_APP, family, type, severity },
  }));
  await insertNotifications(tx, rows, now);
}

const IN_APP: Omit<NotificationKind, "family" | "type" | "severity"> = {
  channels: ["web"],
  state: "sent",
  reason: null,
  isDeferred: false,
  isRead: false,
  settled: [{ channel: "web", state: "sent", reason: null }],
};
