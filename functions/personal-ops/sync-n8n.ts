import { configured, defineJob, internet, noRetries, schedule, writes, z } from "#jobs";
import { SETTINGS_OF_SOURCE } from "#services/personal-ops/configured-sources.ts";
import { syncN8n as synchronise } from "#services/personal-ops/sync-n8n.ts";
import { personalOps } from "../families.ts";

/**
 * Stores the failed executions of n8n's workflows, and raises an incident for a workflow that fails repeatedly. Running
 * twice is safe: each execution is stored once, and the watermark moves with the commit.
 */
export const syncN8n = defineJob({
  id: "sync_n8n",
  family: personalOps,
  summary: "Fetch the failed executions of the workflows in n8n",
  on: schedule("0 10,40 * * * *", "America/Chicago"),
  input: z.strictObject({}),
  // The next slot continues.
  retry: noRetries,
  gates: [writes, internet, configured("n8n", ...SETTINGS_OF_SOURCE.n8n)],

  run: (context) => synchronise(context),
});
