import { Cancel, defineJob, event, z } from "#jobs";
import { lockPension, lockPensions, revalueAllDays, pensionEtfs } from "#data/portfolio/pension-progress.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { portfolio } from "../families.ts";
import { valuationOf, valuePensions } from "./retry-pending-etf-valuations/value-pensions.ts";

/**
 * Works a pension out that was created or has got contributions: money buys units, and every day since has a value, or waits
 * with the reason. Each stretch of days commits. Twice is safe: what has bought stays bought, what is final stays final; a run
 * that is tried again goes on with what is missing.
 */
export const initializeEtfPension = defineJob({
  id: "initialize_etf_pension",
  family: portfolio,
  summary: "Turn a pension's contributions into units and daily values",
  on: event({ batch: 10 }),
  input: z.strictObject({ pensionId: z.uuid() }),
  concurrency: ({ pensionId }) => pensionId,

  async run({ input: { pensionId }, db, asOf, settings, transaction }) {
    const etfId = await transaction(async (tx) => {
      const pension = await lockPension(tx, pensionId);
      if (!pension) throw new Cancel(`there is no pension ${pensionId}`);
      await revalueAllDays(tx, pensionId);
      return pension.etfId;
    });
    const etfs = await pensionEtfs(db, etfId);
    const valuation = valuationOf(etfs, civilDateIn("Europe/Berlin", asOf), settings.FX_PROVIDERS);
    // Whoever holds it may not have seen what this run was asked for.
    const { counts } = await valuePensions(valuation, [pensionId], { transaction, lock: lockPensions });
    return counts;
  },
});
