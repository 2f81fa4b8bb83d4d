import type { Tx } from "#data/client.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { App } from "#http/app-services.ts";
import { initializeEtfPension } from "../../../portfolio/initialize-etf-pension.ts";

/**
 * Enqueues the valuation of a pension in the transaction that changes it. Dispatch the run after the commit if it is
 * queued.
 */
export async function enqueueValuation(app: App, tx: Tx, pensionId: string, requestedBy: string): Promise<Run> {
  return app.enqueuer.enqueueIn(tx, initializeEtfPension, { input: { pensionId }, trigger: "event", requestedBy });
}
