import { defineRoute } from "#http/route.ts";
import { syncFxLatest } from "../../portfolio/sync-fx-latest.ts";
import { startedRun, startUpdate } from "./start-sync.ts";

export const updateLatest = defineRoute({
  method: "POST",
  path: "api/v1/exchange-rates/update/latest",
  access: "key",
  idempotent: true,
  summary: "Fetch the exchange rates published last",
  response: startedRun,
  handle: ({ app, caller, header }) =>
    startUpdate(app, { job: syncFxLatest, kind: "latest", input: {}, caller, header }),
});
