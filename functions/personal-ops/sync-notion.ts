import { configured, defineJob, internet, noRetries, schedule, writes, z } from "#jobs";
import { SETTINGS_OF_SOURCE } from "#services/personal-ops/configured-sources.ts";
import { syncNotion as synchronise } from "#services/personal-ops/sync-notion.ts";
import { personalOps } from "../families.ts";

/**
 * Remembers the tagged pages of Notion. Running twice is safe: the same content changes nothing.
 * The watermark moves with the commit of what precedes it, so that a run that was stopped continues there.
 */
export const syncNotion = defineJob({
  id: "sync_notion",
  family: personalOps,
  summary: "Fetch the tagged pages of Notion that have changed",
  on: schedule("0 0 * * * *", "America/Chicago"),
  input: z.strictObject({}),
  // The next slot continues.
  retry: noRetries,
  timeout: "2h",
  gates: [writes, internet, configured("Notion", ...SETTINGS_OF_SOURCE.notion)],

  run: (context) => synchronise(context),
});
