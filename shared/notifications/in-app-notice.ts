import { v7 as uuidv7 } from "uuid";
import type { Tx } from "#data/client.ts";
import { insertNotifications, type NotificationKind } from "#data/platform/new-notifications.ts";
import type { Severity } from "#notifications/notification.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import { taxLiens } from "../../functions/families.ts";

export interface ToldInApp {
  readonly recipient: string;
  readonly type: string;
  readonly severity: Severity;
  readonly title: string;
  /** What is longer than 2,000 characters is cut. */
  readonly body: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly dedupeKey: string;
}

/**
 * Tells of something that stands in the app at once: for runs that end without their job, where there is nobody to call a channel
 * outside.
 */
export async function tellInApp(tx: Tx, told: readonly ToldInApp[], now: Date): Promise<void> {
  const rows = told.map(({ recipient, title, body, data, dedupeKey, type, severity }) => ({
    id: uuidv7(),
    recipient,
    title,
    body: jsonbSafeText(body, 2_000),
    data,
    dedupeKey,
    kind: { ...IN_APP, type, severity },
  }));
  await insertNotifications(tx, rows, now);
}

const IN_APP: Omit<NotificationKind, "type" | "severity"> = {
  family: taxLiens.id,
  channels: ["web"],
  state: "sent",
  reason: null,
  isDeferred: false,
  isRead: false,
  settled: [{ channel: "web", state: "sent", reason: null }],
};
