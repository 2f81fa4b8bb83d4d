import { text, whole } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import { defineCommand, flag } from "../command.ts";
import { printable, printJson } from "../output.ts";
import { listArgument, sourceArgument } from "../preview/preview-files.ts";
import { type PreviewView, renderPreview } from "../preview/render-preview.ts";

export const preview = defineCommand({
  arguments: { county: { about: "the county's id, also of one that is not stored yet" } },
  options: {
    source: {
      ...text({ about: "a source to try, or a county as PUT takes it" }),
      placeholder: "<file.json>",
    },
    "rule-set": { ...text({ about: "the rule set to try, such as arizona" }), placeholder: "<id>" },
    list: { ...text({ about: "read this CSV file instead, plain or gzipped" }), placeholder: "<file>" },
    rows: { ...whole(0, 100, { about: "rows to show, at most 100 (default 20)" }), placeholder: "<count>" },
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: [
    "preview tutorial-az",
    "preview tutorial-az --source county.json --rows 5",
    "preview tutorial-az --source county.json --list liens.csv",
  ],
  async run(call) {
    const { out, options } = call;
    const body = {
      ...(options.source !== undefined && (await sourceArgument(options.source, call.root))),
      ...(options["rule-set"] !== undefined && { ruleSet: options["rule-set"] }),
      ...(options.list !== undefined && { list: await listArgument(options.list, call.root) }),
      ...(options.rows !== undefined && { rows: options.rows }),
    };
    const api = await AdminApi.of(call);
    const answer = await api.post<PreviewView>(
      `api/counties/${encodeURIComponent(call.arguments.county)}/preview`,
      body,
    );
    if (options.json) printJson(out, answer);
    else out.line(renderPreview(printable(answer), out));
    return answer.valid > 0 ? 0 : 1;
  },
});
