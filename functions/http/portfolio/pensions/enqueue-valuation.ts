import type { App } from "#app";
import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { initializeEtfPension } from "../../../portfolio/initialize-etf-pension.ts";

/** Asks for a pension to be worked out, in the transaction that changes it. Send the run afterwards if it is queued. */
export async function enqueueValuation(app: App, tx: Tx, pensionId: string, requestedBy: string): Promise<Run> {
  return app.enqueuer.enqueueIn(tx, initializeEtfPension, { input: { pensionId }, trigger: "event", requestedBy });
}
