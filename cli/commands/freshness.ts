import { AdminApi } from "../admin-api.ts";
import type { DataSetView } from "../admin-views.ts";
import { defineCommand, flag } from "../command.ts";
import { printable, printJson, type Style } from "../output.ts";
import { type Column, type Line, renderTable, type Row } from "../text-table.ts";
import { ago } from "../time-format.ts";

export const freshness = defineCommand({
  arguments: {},
  options: { json: flag("print the answer of the app as JSON, for scripts") },
  examples: ["freshness", "freshness --json"],
  async run(call) {
    const { out, options } = call;
    const api = await AdminApi.of(call);
    const answer = await api.get<{ dataSets: DataSetView[] }>("api/admin/freshness");
    if (options.json) {
      printJson(out, answer);
      return 0;
    }
    const now = new Date();
    const rows = printable(answer.dataSets).map((set) => dataSetRow(set, now));
    out.line(renderTable(COLUMNS, rows, out.width, out.paint));
    return 0;
  },
});

const COLUMNS: readonly Column[] = [
  { title: "DATA SET" },
  { title: "STATE" },
  { title: "NEWEST" },
  { title: "ELEMENTS", flexible: true },
];
const STYLES: Readonly<Record<DataSetView["state"], Style>> = { fresh: "green", stale: "red", empty: "yellow" };

function dataSetRow({ id, state, newest, counts, behind, held }: DataSetView, now: Date): Row {
  const states = (["fresh", "stale", "empty", "ended"] as const).filter((each) => counts[each] > 0);
  const elements = states.map((each) => `${counts[each]} ${each}`).join(", ") || "none";
  return {
    cells: [{ text: id, style: "bold" }, { text: state, style: STYLES[state] }, newest ?? "–", elements],
    note: behind.length + held.length > 0 ? noteOf({ behind, held }, counts.stale + counts.empty, now) : undefined,
  };
}

/** The elements that are behind, and those with held points: `VWCE.DE of 2026-03-06, due 2 d ago`. */
function noteOf({ behind, held }: Pick<DataSetView, "behind" | "held">, all: number, now: Date): Line {
  const named = behind.map(({ id, newest, staleSince }) => {
    const due = staleSince !== null && new Date(staleSince) <= now ? `, due ${ago(new Date(staleSince), now)}` : "";
    return `${id} ${newest === null ? "never loaded" : `of ${newest}`}${due}`;
  });
  const more = all > behind.length ? [`${all - behind.length} more`] : [];
  const suspect = held.map(({ id, count, oldest }) => `${id} ${count} held back since ${oldest}`);
  return { text: [...named, ...more, ...suspect].join("; "), style: "dim" };
}
