import { defineRoute } from "#http/route.ts";
import { syncFxLatest } from "../../portfolio/sync-fx-latest.ts";
import { startedRunSchema } from "../started-run.ts";
import { startRateSync } from "./start-sync.ts";

export const updateLatest = defineRoute({
  method: "POST",
  path: "api/v1/exchange-rates/update/latest",
  access: "key",
  idempotent: true,
  summary: "Fetch the newest exchange rates",
  response: startedRunSchema,
  handle: ({ app, caller, header }) =>
    startRateSync(app, { job: syncFxLatest, kind: "latest", input: {}, caller, header }),
});
