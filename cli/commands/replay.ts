import { text } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import type { RunView } from "../admin-views.ts";
import { defineCommand } from "../command.ts";
import { followOptions, followRun } from "../follow-run.ts";
import { JSON_IN_QUOTES, jsonArgument } from "../json-argument.ts";
import { printable } from "../output.ts";
import { checkRunId, EXAMPLE_RUN } from "../run-id-argument.ts";

export const replay = defineCommand({
  arguments: {
    run: { about: "the id of the dead run, as the command runs --state dead prints it" },
    json: { about: "a corrected input (default: the input of the dead run)", optional: true },
  },
  options: {
    reason: { ...text({ about: "why, for the audit" }), placeholder: "<text>" },
    ...followOptions,
  },
  examples: [
    `replay ${EXAMPLE_RUN} --wait`,
    `replay ${EXAMPLE_RUN} '{"startDate":"2026-01-01"}' --reason "the date was wrong"`,
  ],
  tooMany: JSON_IN_QUOTES,
  async run(call) {
    const { run: id, json } = call.arguments;
    const { reason } = call.options;
    checkRunId("replay", id);
    const input = jsonArgument("replay", json);
    const api = await AdminApi.of(call);
    const body = { runs: [id], ...(input !== undefined && { input }), ...(reason !== undefined && { reason }) };
    const { runs } = await api.post<{ runs: [{ id: string }] }>("api/admin/dead-letters/replay", body);
    const started = printable(await api.get<RunView>(`api/admin/runs/${runs[0].id}`));
    return followRun(api, started, call);
  },
});
