import { text, whole } from "#settings/setting.ts";
import { AdminApi } from "../admin-api.ts";
import type { SuspectPointView } from "../admin-views.ts";
import { defineCommand, flag, INVOCATION } from "../command.ts";
import { UsageError } from "../command-errors.ts";
import { type Output, printable, printJson } from "../output.ts";
import { type Column, renderTable, type Row } from "../text-table.ts";

const id = (about: string) => ({ ...whole(1, Number.MAX_SAFE_INTEGER, { about }), placeholder: "<id>" });

export const suspects = defineCommand({
  arguments: {},
  options: {
    release: id("accept this point: it is stored, and what waited for it is valued"),
    reject: id("keep this value of the day out for good"),
    withdraw: id("take the decision about this point back: it is held again"),
    reason: { ...text({ about: "why, for the audit: 3 to 500 characters" }), placeholder: "<text>" },
    json: flag("print the answer of the app as JSON, for scripts"),
  },
  examples: ["suspects", 'suspects --release 17 --reason "the exchange shows the same close"'],
  async run(call) {
    const { out, options } = call;
    const { reason } = options;
    const given = VERBS.filter((verb) => options[verb] !== undefined);
    if (given.length > 1) {
      throw new UsageError(`suspects: expected one of --release, --reject, --withdraw, got ${given.length}`);
    }
    const [verb] = given;
    if (verb && reason === undefined)
      throw new UsageError(`suspects: --reason is required: ${INVOCATION} suspects --help`);
    const api = await AdminApi.of(call);
    if (verb) {
      const point = options[verb]!;
      const decided = await api.post<SuspectPointView>(`api/v1/suspect-points/${point}/${verb}`, { reason });
      if (options.json) printJson(out, decided);
      else out.line(`${sentence(printable(decided))} is ${decided.state}.`);
      return 0;
    }
    const answer = await api.get<Answer>("api/v1/suspect-points", { state: "held", limit: 100 });
    if (options.json) printJson(out, answer);
    else printPoints(out, printable(answer));
    return 0;
  },
});

const VERBS = ["release", "reject", "withdraw"] as const;

interface Answer {
  readonly points: readonly SuspectPointView[];
  readonly nextCursor: number | null;
}

const COLUMNS: readonly Column[] = [
  { title: "ID" },
  { title: "OF" },
  { title: "DAY" },
  { title: "VALUE", flexible: true },
];

function printPoints(out: Output, { points, nextCursor }: Answer): void {
  if (points.length === 0) out.line("No value is held back.");
  else out.line(renderTable(COLUMNS, points.map(pointRow), out.width, out.paint));
  if (nextCursor !== null) out.line("There are older ones: GET api/v1/suspect-points lists them all.");
}

function pointRow({ id, subject, date, value, rule, reason }: SuspectPointView): Row {
  const cells = [String(id), { text: subject, style: "bold" }, date, value] as const;
  return { cells, note: { text: `${rule}: ${reason}`, style: "dim" } };
}

function sentence({ id, kind, subject, date, value }: SuspectPointView): string {
  return `${id}, the ${kind} ${value} of ${subject} on ${date},`;
}
