import type { Executor } from "#data/client.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { lockCounty } from "#data/tax-liens/counties.ts";
import type { LienIngestion } from "#data/tax-liens/ingestion-schema.ts";
import { findIngestion } from "#data/tax-liens/lien-ingestions.ts";
import { undoIngestion } from "#data/tax-liens/lien-undo.ts";
import { Cancel, defineJob, exponential, InvalidInput, manual, writes, z } from "#jobs";
import { countyIdText } from "#rules/tax-liens/county-id.ts";
import { taxLiens } from "../../families.ts";
import { undoRefusals } from "./undo-refusals.ts";

const input = z.strictObject({
  countyId: countyIdText,
  ingestionId: z.int().positive(),
  reason: z.string().trim().min(3).max(500).describe("For the audit"),
});

/**
 * Undoes the last ingestion of a county: created liens are gone, changed and delisted ones have their earlier values.
 * One transaction does all of it and ends the run, so a killed attempt changes nothing. Running twice is safe: an
 * ingestion that is undone stays so.
 */
export const undoLienIngestion = defineJob({
  id: "undo_lien_ingestion",
  family: taxLiens,
  summary: "Undo the last ingestion of a county's list",
  on: manual,
  input,
  async checkInput(given, { db }) {
    const refusals = await undoRefusals(db, await existingIngestion(db, given));
    if (refusals.length) throw new InvalidInput(refusals.map((reason) => ({ field: "ingestionId", reason })));
  },
  retry: exponential({ retries: 3, first: "1m", max: "10m" }),
  timeout: "2h",
  concurrency: ({ countyId }) => countyId,
  gates: [writes],

  async run({ input: given, run, clock, finish }) {
    return finish(async (tx) => {
      // Merges of the county wait for this lock.
      await lockCounty(tx, given.countyId);
      const ingestion = await existingIngestion(tx, given);
      if (ingestion.state === "undone") return { restored: 0, removed: 0, properties: 0, undoneBefore: true };
      const refusals = await undoRefusals(tx, ingestion);
      if (refusals.length) throw new Cancel(refusals.join("; "));
      const by = { who: run.requestedBy ?? run.trigger, reason: given.reason, now: clock.now() };
      const undone = await undoIngestion(tx, ingestion, ingestion.before!, by);
      await recordAudit(tx, {
        at: by.now,
        who: by.who,
        action: "undo-ingestion",
        subject: `county:${given.countyId}`,
        reason: given.reason,
        before: { ingestion: ingestion.id, created: ingestion.created, updated: ingestion.updated },
        after: { ...undone },
      });
      return { ...undone };
    });
  },
});

async function existingIngestion(
  db: Executor,
  { countyId, ingestionId }: Pick<z.output<typeof input>, "countyId" | "ingestionId">,
): Promise<LienIngestion> {
  const found = await findIngestion(db, countyId, ingestionId);
  if (found) return found;
  throw new InvalidInput([{ field: "ingestionId", reason: `${countyId} has no ingestion ${ingestionId}` }]);
}
