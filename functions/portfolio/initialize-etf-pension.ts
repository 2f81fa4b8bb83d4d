import { lockPension, lockPensions, pensionEtfs, revalueAllDays } from "#data/portfolio/pension-progress.ts";
import { pensionExists } from "#data/portfolio/pensions.ts";
import { defineJob, event, InvalidInput, writes, z } from "#jobs";
import { civilDateIn } from "#rules/civil-date.ts";
import { valuationOf, valuePensions } from "#services/portfolio/value-pensions.ts";
import { portfolio } from "../families.ts";

/**
 * Computes a pension that is new or has new contributions: each contribution buys units, and every day since gets a
 * value, or waits with the reason. Each range of days commits. Running twice is safe: purchases and final days never
 * change, and a retry continues with what is missing.
 */
export const initializeEtfPension = defineJob({
  id: "initialize_etf_pension",
  family: portfolio,
  summary: "Turn a pension's contributions into units and daily values",
  on: event({ batch: 10 }),
  input: z.strictObject({ pensionId: z.uuid() }),
  async checkInput({ pensionId }, { db }) {
    if (!(await pensionExists(db, pensionId))) throw noPension(pensionId);
  },
  concurrency: ({ pensionId }) => pensionId,
  gates: [writes],

  async run({ input: { pensionId }, db, asOf, settings, transaction }) {
    const etfId = await transaction(async (tx) => {
      const pension = await lockPension(tx, pensionId);
      if (!pension) throw noPension(pensionId);
      await revalueAllDays(tx, pensionId);
      return pension.etfId;
    });
    const etfs = await pensionEtfs(db, etfId);
    const valuation = valuationOf(etfs, civilDateIn("Europe/Berlin", asOf), settings.FX_PROVIDERS);
    // Waits for the lock: a run that holds it may not have read the newest contributions.
    const { counts, failed } = await valuePensions(valuation, [pensionId], { transaction, lock: lockPensions });
    if (failed[0]) throw failed[0].error;
    return counts;
  },
});

function noPension(id: string): InvalidInput {
  return new InvalidInput([{ field: "pensionId", reason: `there is no pension ${id}` }]);
}
