import { v7 as uuidv7 } from "uuid";
import type { Tx } from "../../shared/data/client.ts";
import { insertNotifications } from "../../shared/data/platform/notifications.ts";
import type { Run } from "../../shared/data/platform/schema.ts";
import { storableText } from "../../shared/jobs/storable.ts";
import { OPERATORS } from "../../shared/notifications/notification.ts";
import { taxLiens } from "../families.ts";

/**
 * Tells those who run the app of counties whose ingestion is dead, whatever killed it, in the transaction that ends the run. It stands
 * in the app at once: where a run ends without its job there is nobody to call a channel outside.
 */
export async function tellOperators(tx: Tx, runs: readonly Run[]): Promise<void> {
  const dead = runs.filter(({ state }) => state === "dead");
  await insertNotifications(tx, dead.map(notificationOf), dead[0]?.finishedAt ?? new Date(0));
}

function notificationOf({ id, input, errors, attempt }: Run) {
  const { countyId } = input as { countyId: string };
  const message = (errors.at(-1) as { message?: unknown } | undefined)?.message;
  return {
    ...{ id: uuidv7(), family: taxLiens.id, recipient: OPERATORS, type: "county.ingestion_failed" },
    severity: "WARN" as const,
    title: `The liens of ${countyId} could not be brought in`,
    body: storableText(`After ${attempt} attempts: ${typeof message === "string" ? message : "unknown"}`, 2_000),
    data: { countyId, run: id },
    dedupeKey: `ingestion-failed:${id}`,
    ...{ channels: ["web" as const], state: "sent" as const, reason: null, isDeferred: false, isRead: false },
    settled: [{ channel: "web" as const, state: "sent" as const, reason: null }],
  };
}
