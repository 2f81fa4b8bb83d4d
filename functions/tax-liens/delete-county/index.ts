import { recordAudit } from "#data/platform/audit-log.ts";
import { findCounty } from "#data/tax-liens/counties.ts";
import { deleteCounty as deleteRows, lockForDeletion } from "#data/tax-liens/county-deletion.ts";
import { Cancel, defineJob, exponential, type JobContext, manual, writes, z } from "#jobs";
import { LISTS_CONTAINER, uploadPrefix } from "#providers/county-lists/open-list.ts";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { openContainer } from "#storage/blob-container.ts";
import { taxLiens } from "../../families.ts";
import { REJECTS_CONTAINER } from "../ingest-county-liens/stage-list.ts";
import { deletionRefusals } from "./deletion-refusals.ts";

const input = z.strictObject({
  countyId: countyIdText,
  name: z.string().max(200).describe("The name of the county, as a confirmation"),
  reason: z.string().trim().min(3).max(500).describe("For the audit"),
});
type Context = JobContext<z.output<typeof input>>;

/**
 * Deletes a county with its liens, properties, valuations, ingestions, uploaded lists and reject files. One transaction
 * deletes the rows; the blobs follow. Running twice is safe: a retry after the rows are gone removes the blobs that are
 * left, unless the county exists again.
 */
export const deleteCounty = defineJob({
  id: "delete_county",
  family: taxLiens,
  summary: "Delete a county with all that belongs to it",
  on: manual,
  input,
  retry: exponential({ retries: 3, first: "1m", max: "10m" }),
  timeout: "2h",
  concurrency: ({ countyId }) => countyId,
  gates: [writes],

  async run(context) {
    const rows = await deleteFromDatabase(context);
    return { ...rows, blobs: await removeBlobs(context) };
  },
});

async function deleteFromDatabase({ input: { countyId, name, reason }, run, asOf, clock, transaction }: Context) {
  return transaction(async (tx) => {
    const county = await lockForDeletion(tx, countyId);
    // A county that was created after the request is another one.
    if (!county || county.createdAt > asOf) return { liens: 0, properties: 0, valuations: 0, ingestions: 0 };
    const refusals = await deletionRefusals(tx, county, name);
    if (refusals.length) throw new Cancel(refusals.map((one) => `${one.field}: ${one.reason}`).join("; "));
    const gone = await deleteRows(tx, countyId);
    const { source, rules, active } = county;
    await recordAudit(tx, {
      at: clock.now(),
      who: run.requestedBy ?? run.trigger,
      action: "delete-county",
      subject: `county:${countyId}`,
      reason,
      before: { name: county.name, source, rules, active },
      after: { ...gone },
    });
    return gone;
  });
}

async function removeBlobs({ input: { countyId }, db, settings, signal }: Context): Promise<number> {
  if (!(settings.AzureWebJobsStorage ?? settings.AzureWebJobsStorage__accountName)) return 0;
  let removed = 0;
  for (const [container, prefix] of [
    [LISTS_CONTAINER, uploadPrefix(countyId)],
    [REJECTS_CONTAINER, `${countyId}/`],
  ] as const) {
    const blobs = openContainer(settings, container);
    for await (const blob of blobs.list(prefix)) {
      signal.throwIfAborted();
      if (await findCounty(db, countyId)) return removed;
      await blobs.remove(blob);
      removed += 1;
    }
  }
  return removed;
}
