import { configured, defineJob, internet, noRetries, schedule, writes, z } from "#jobs";
import { SETTINGS_OF_SOURCE } from "#services/personal-ops/configured-sources.ts";
import { syncHubspot as synchronise } from "#services/personal-ops/sync-hubspot.ts";
import { personalOps } from "../families.ts";

/**
 * Remembers the contacts of HubSpot. Running twice is safe: the same content changes nothing.
 * The watermark moves with the commit of what precedes it, so that a run that was stopped continues there.
 */
export const syncHubspot = defineJob({
  id: "sync_hubspot",
  family: personalOps,
  summary: "Fetch the contacts of HubSpot that have changed",
  on: schedule("0 20 * * * *", "America/Chicago"),
  input: z.strictObject({}),
  // The next slot continues.
  retry: noRetries,
  timeout: "2h",
  gates: [writes, internet, configured("HubSpot", ...SETTINGS_OF_SOURCE.hubspot)],

  run: (context) => synchronise(context),
});
