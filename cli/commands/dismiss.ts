import { text } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import { defineCommand, flag, INVOCATION } from "../command.ts";
import { UsageError } from "../command-errors.ts";
import { printable, printJson } from "../output.ts";
import { checkRunId, EXAMPLE_RUN } from "../run-id-argument.ts";

export const dismiss = defineCommand({
  arguments: { run: { about: "the id of the dead run, as the command runs --state dead prints it" } },
  options: {
    reason: { ...text({ about: "why, for the audit: 3 to 500 characters" }), placeholder: "<text>" },
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: [`dismiss ${EXAMPLE_RUN} --reason "requested by mistake"`],
  async run(call) {
    const { out, options } = call;
    const { run: id } = call.arguments;
    checkRunId("dismiss", id);
    if (options.reason === undefined)
      throw new UsageError(`dismiss: --reason is required: ${INVOCATION} dismiss --help`);
    const api = await AdminApi.of(call);
    const answer = await api.post<object>(`api/admin/dead-letters/${id}/dismiss`, { reason: options.reason });
    if (options.json) printJson(out, answer);
    else out.line(`${printable(id)} is dismissed: it stays in the ledger, and is no longer an open dead letter.`);
    return 0;
  },
});
