import { z } from "zod";
import { defineRoute } from "#http/route.ts";
import { syncFxHistorical } from "../../portfolio/sync-fx-historical.ts";
import { startedRunSchema } from "../started-run.ts";
import { startRateSync } from "./start-sync.ts";

export const updateHistorical = defineRoute({
  method: "POST",
  path: "api/v1/exchange-rates/update/historical",
  access: "key",
  idempotent: true,
  summary: "Fetch all exchange rates from start_date to end_date (default: today)",
  query: z.strictObject({ start_date: z.string().optional(), end_date: z.string().optional() }),
  response: startedRunSchema,
  handle({ app, query: { start_date: startDate, end_date: endDate }, caller, header }) {
    const input = { startDate, ...(endDate !== undefined && { endDate }) };
    const named = { startDate: "start_date", endDate: "end_date" };
    return startRateSync(app, { job: syncFxHistorical, kind: "historical", input, named, caller, header });
  },
});
