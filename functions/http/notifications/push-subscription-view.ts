import { z } from "zod";
import type { PushSubscriptionRow } from "#data/platform/notification-schema.ts";

/** A browser as the API shows it: the endpoint and the keys are secrets. */
export const pushSubscriptionView = z.object({
  id: z.uuid(),
  recipient: z.string(),
  service: z.string().describe("Host of its push service"),
  addedAt: z.iso.datetime(),
});

export function viewOf({ id, recipient, endpoint, addedAt }: PushSubscriptionRow) {
  return { id, recipient, service: new URL(endpoint).host, addedAt };
}
