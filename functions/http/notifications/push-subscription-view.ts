import { z } from "zod";
import type { PushSubscriptionRow } from "#data/platform/notification-schema.ts";

/** A push subscription as the API shows it, without endpoint and keys, which are secrets. */
export const storedSubscriptionSchema = z.object({
  id: z.uuid(),
  recipient: z.string(),
  service: z.string().describe("Host of its push service"),
  addedAt: z.iso.datetime(),
});

export function subscriptionView({ id, recipient, endpoint, addedAt }: PushSubscriptionRow) {
  return { id, recipient, service: new URL(endpoint).host, addedAt };
}
