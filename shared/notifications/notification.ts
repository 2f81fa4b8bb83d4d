import { z } from "zod";
import { CHANNELS, SEVERITIES } from "#data/platform/notification-schema.ts";

export { CHANNELS, SEVERITIES };
export type { ChannelName, Severity } from "#data/platform/notification-schema.ts";

/** Those who run the app: what is told to them shows on the live channel `system_notifications`. */
export const OPERATORS = "operators";

/** What somebody is to be told. */
export const newNotificationSchema = z.strictObject({
  /** A name of the family's own, `user:42`. Where it is reached stands in the allow-list. */
  recipient: z.string().trim().min(1).max(200),
  /** What it is about, for filters: `task.reminder`. */
  type: z
    .string()
    .max(100)
    .regex(
      /^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$/,
      "expected words in lower case with dots between, as in task.reminder",
    ),
  severity: z.enum(SEVERITIES),
  title: z.string().trim().min(1).max(300),
  /** Plain text; each channel escapes and cuts it as it needs. */
  body: z.string().max(20_000),
  /** For programs that read it: what the app opens, say. */
  data: z.record(z.string(), z.json()).optional(),
  /** Default: by severity. SEV0 calls, SEV1 texts, WARN and INFO wait in the app for the next digest. */
  channels: z
    .array(z.enum(CHANNELS))
    .min(1)
    .refine((names) => new Set(names).size === names.length, "expected each channel once")
    .optional(),
  /** Told once per recipient and key, however often that is asked. */
  dedupeKey: z.string().min(1).max(300).optional(),
});

export interface NewNotification extends Omit<Readonly<z.input<typeof newNotificationSchema>>, "channels" | "data"> {
  readonly channels?: readonly (typeof CHANNELS)[number][] | undefined;
  readonly data?: Readonly<Record<string, unknown>> | undefined;
}

/** The type of what `send_digest_email` sends: a carrier of other notifications, and none that waits for a digest itself. */
export const DIGEST_TYPE = "notifications.digest";
