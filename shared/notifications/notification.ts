import { z } from "zod";
import { CHANNELS, SEVERITIES } from "#data/platform/notification-schema.ts";

export { CHANNELS, SEVERITIES };
export type { ChannelName, Severity } from "#data/platform/notification-schema.ts";

/** The recipient for the operators of the app; its notifications appear on the live channel `system_notifications`. */
export const OPERATORS = "operators";

/** A notification to create. */
export const newNotificationSchema = z.strictObject({
  /** A name that the family chooses, `user:42`. The allow-list has its addresses. */
  recipient: z.string().trim().min(1).max(200),
  /** The topic, for filters: `task.reminder`. */
  type: z
    .string()
    .max(100)
    .regex(
      /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/,
      "expected words in lower case with dots between, as in task.reminder",
    ),
  severity: z.enum(SEVERITIES),
  title: z.string().trim().min(1).max(300),
  /** Plain text; each channel escapes and truncates it as needed. */
  body: z.string().max(20_000),
  /** Data for programs, such as the page that the app opens. */
  data: z.record(z.string(), z.json()).optional(),
  /** Default by severity: SEV0 calls, SEV1 sends a text message, WARN and INFO wait in the app for the next digest. */
  channels: z
    .array(z.enum(CHANNELS))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "expected each channel once")
    .optional(),
  /** Only the first notification of a recipient with this key is created. */
  dedupeKey: z.string().min(1).max(300).optional(),
});

export interface NewNotification extends Omit<Readonly<z.input<typeof newNotificationSchema>>, "channels" | "data"> {
  readonly channels?: readonly (typeof CHANNELS)[number][] | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** The type of digests. A digest contains other notifications and never waits for a digest itself. */
export const DIGEST_TYPE = "notifications.digest";
/** The digest and the morning call of personal operations, and the message that replaces the call. */
export const DAILY_DIGEST_TYPE = "personal_ops.digest";
export const MORNING_CALL_TYPE = "personal_ops.call";
export const MORNING_REPORT_TYPE = "personal_ops.report";

/** Types with a schedule of their own: no quiet hours defer them, and no digest contains them. */
export const NEVER_DEFERRED: ReadonlySet<string> = new Set([
  DIGEST_TYPE,
  DAILY_DIGEST_TYPE,
  MORNING_CALL_TYPE,
  MORNING_REPORT_TYPE,
]);
