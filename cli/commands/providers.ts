import { text } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import type { ProviderView } from "../admin-views.ts";
import { defineCommand, flag, INVOCATION } from "../command.ts";
import { UsageError } from "../command-errors.ts";
import { printable, printJson, type Style } from "../output.ts";
import { type Column, renderTable, type Row } from "../text-table.ts";

const name = (about: string) => ({ ...text({ about }), placeholder: "<provider>" });

export const providers = defineCommand({
  arguments: {},
  options: {
    open: name("stop all calls to this provider; its runs wait until it is closed"),
    close: name("let calls to this provider start again, at a rising rate"),
    reason: { ...text({ about: "why, for the audit: 3 to 500 characters" }), placeholder: "<text>" },
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: ["providers", 'providers --open hubspot --reason "the contract has ended"'],
  async run(call) {
    const { out, options } = call;
    const { open, close, reason, json } = options;
    if (open !== undefined && close !== undefined) throw new UsageError("providers: expected one of --open, --close");
    const changed = open ?? close;
    if (changed !== undefined && reason === undefined)
      throw new UsageError(`providers: --reason is required: ${INVOCATION} providers --help`);
    const api = await AdminApi.of(call);
    if (changed !== undefined) {
      const verb = open === undefined ? "close" : "open";
      const path = `api/admin/providers/${encodeURIComponent(changed)}/${verb}`;
      const provider = await api.post<ProviderView & { started: number }>(path, { reason });
      if (json) printJson(out, provider);
      else out.line(`${printable(provider.provider)} is ${WORDS[provider.state]}; ${provider.started} runs start.`);
      return 0;
    }
    const answer = await api.get<{ providers: ProviderView[] }>("api/admin/providers");
    if (json) printJson(out, answer);
    else out.line(renderTable(COLUMNS, printable(answer.providers).map(providerRow), out.width, out.paint));
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "PROVIDER" },
  { title: "STATE" },
  { title: "WAITING" },
  { title: "CALLS 24 H" },
  { title: "ERRORS" },
  { title: "LIMITS", flexible: true },
];
const WORDS: Readonly<Record<ProviderView["state"], string>> = { closed: "up", open: "off", half_open: "recovering" };
const STYLES: Readonly<Record<ProviderView["state"], Style>> = { closed: "green", open: "red", half_open: "yellow" };

function providerRow({ provider, state, trouble, waitingRuns, limits, lastDay }: ProviderView): Row {
  const used = limits.map(({ name, share }) => `${name} ${Math.round(share * 100)} %`);
  return {
    cells: [
      { text: provider, style: "bold" },
      { text: WORDS[state], style: STYLES[state] },
      String(waitingRuns),
      String(lastDay.calls),
      String(lastDay.errors),
      used.join(", ") || "none",
    ],
    note: trouble === null ? undefined : { text: trouble, style: "dim" },
  };
}
