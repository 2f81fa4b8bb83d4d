import { z } from "zod";
import { recordRejectedUpdate } from "#data/portfolio/exchange-rate-updates.ts";
import { defineRoute } from "#http/route.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { rangeFaults } from "#rules/portfolio/date-range-faults.ts";
import { syncFxHistorical } from "../../portfolio/sync-fx-historical.ts";
import { startedRunSchema, startRateSync } from "./start-sync.ts";

export const updateHistorical = defineRoute({
  method: "POST",
  path: "api/v1/exchange-rates/update/historical",
  access: "key",
  idempotent: true,
  summary: "Fetch all exchange rates from start_date to end_date (default: today)",
  query: z.strictObject({ start_date: z.string().optional(), end_date: z.string().optional() }),
  response: startedRunSchema,
  async handle({ app, query, caller, header }) {
    const { start_date: startDate = "", end_date: endDate } = query;
    const faults = rangeFaults({ startDate, endDate }, civilDateIn("Europe/Berlin", app.clock.now()));
    if (faults.length) {
      const error = new InvalidInput(faults.map(({ field, reason }) => ({ field: QUERY_NAME[field], reason })));
      await recordRejectedUpdate(app.db, "historical", error.message, app.clock.now());
      throw error;
    }
    const input = { startDate, ...(endDate !== undefined && { endDate }) };
    return startRateSync(app, { job: syncFxHistorical, kind: "historical", input, caller, header });
  },
});

const QUERY_NAME = { startDate: "start_date", endDate: "end_date" } as const;
