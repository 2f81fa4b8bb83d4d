import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../../shared/data/client.ts";
import { insertNotifications } from "../../shared/data/platform/notifications.ts";
import { storableText } from "../../shared/jobs/storable.ts";
import type { Severity } from "../../shared/notifications/notification.ts";
import { taxLiens } from "../families.ts";

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
  const rows = told.map((one) => ({
    ...{ ...one, body: storableText(one.body, 2_000), id: uuidv7(), family: taxLiens.id },
    ...{ channels: ["web" as const], state: "sent" as const, reason: null, isDeferred: false, isRead: false },
    settled: [{ channel: "web" as const, state: "sent" as const, reason: null }],
  }));
  await insertNotifications(tx, rows, now);
}
