import type { App } from "#http/app-services.ts";
import type { UndeliveredQueue } from "#runner/delivery-watch.ts";
import { withinLimit } from "./within-limit.ts";

/** The queues that do not deliver. None when the answer does not come in time: then the database is the trouble. */
export async function undeliveredQueues({ delivery }: App): Promise<readonly UndeliveredQueue[]> {
  return delivery ? withinLimit(delivery.undelivered()).catch(() => []) : [];
}
