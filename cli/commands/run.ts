import { AdminApi } from "../admin-api.ts";
import type { RunView } from "../admin-views.ts";
import { defineCommand } from "../command.ts";
import { followOptions, followRun } from "../follow-run.ts";
import { JSON_IN_QUOTES, jsonArgument } from "../json-argument.ts";
import { printable } from "../output.ts";

export const run = defineCommand({
  arguments: {
    job: { about: "the job's id, as the command jobs lists it" },
    json: { about: "the input (default: {})", optional: true },
  },
  options: followOptions,
  examples: [
    "run sync_fx_latest --wait",
    `run sync_fx_historical '{"startDate":"2026-01-01","endDate":"2026-01-31"}' --wait 60`,
  ],
  tooMany: JSON_IN_QUOTES,
  async run(call) {
    const { job, json } = call.arguments;
    const input = jsonArgument("run", json) ?? {};
    const api = await AdminApi.of(call);
    const started = printable(await api.post<RunView>(`api/admin/jobs/${encodeURIComponent(job)}/run`, input));
    return followRun(api, started, call);
  },
});
