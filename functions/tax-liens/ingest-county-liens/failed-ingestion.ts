import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { discardReason } from "#data/platform/run-reason.ts";
import { type InAppNotice, insertInAppNotices } from "#notifications/in-app-notice.ts";
import { OPERATORS } from "#notifications/notification.ts";
import { taxLiens } from "../../families.ts";

/** Notifies the operators of counties whose ingestion is dead, in the transaction that ends the run. */
export async function notifyOperators(tx: Tx, runs: readonly Run[]): Promise<void> {
  const dead = runs.filter(({ state }) => state === "dead");
  await insertInAppNotices(tx, taxLiens.id, dead.map(notificationOf), dead[0]?.finishedAt ?? new Date(0));
}

function notificationOf(run: Run): InAppNotice {
  const { countyId } = run.input as { countyId: string };
  return {
    recipient: OPERATORS,
    type: "county.ingestion_failed",
    severity: "WARN",
    title: `The liens of ${countyId} could not be brought in`,
    body: `After ${run.attempt} attempts: ${discardReason(run)}`,
    data: { countyId, run: run.id },
    dedupeKey: `ingestion-failed:${run.id}`,
  };
}
