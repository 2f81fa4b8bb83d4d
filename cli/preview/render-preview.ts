import type { Output } from "../output.ts";
import { grouped, oneLine, quantity } from "../text-format.ts";
import { type Column, type Line, renderTable, type Row } from "../text-table.ts";

/** What `POST api/counties/{id}/preview` answers. */
export interface PreviewView {
  readonly rows: readonly PreviewedRow[];
  readonly read: number;
  readonly valid: number;
  readonly unread: readonly string[];
  readonly stoppedAfter: string | null;
  readonly doubt: string | null;
  readonly shrinks: boolean;
  readonly repeated: { readonly rows: number; readonly lines: readonly number[] };
  readonly changes: Readonly<Record<"created" | "updated" | "unchanged", number>> & {
    readonly notListed: number | null;
  };
  readonly faults: readonly CountedFinding[];
  readonly warnings: readonly CountedFinding[];
  readonly otherRows: number;
}
interface PreviewedRow {
  readonly line: number;
  readonly lien: Readonly<Record<string, unknown>> | null;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}
interface CountedFinding {
  readonly field: string;
  readonly reason: string;
  readonly rows: number;
  readonly lines: readonly number[];
}

const FIELDS = [
  "parcelId",
  "certificateNumber",
  "taxYear",
  "faceAmount",
  "interestRate",
  "status",
  "saleDate",
] as const;
const ROW_COLUMNS: readonly Column[] = [
  { title: "LINE", align: "right" },
  { title: "PARCEL", flexible: true },
  { title: "CERTIFICATE", flexible: true },
  { title: "YEAR" },
  { title: "AMOUNT", align: "right" },
  { title: "RATE", align: "right" },
  { title: "STATUS" },
  { title: "SALE" },
];

/** The first rows as they are read, the faults and warnings with their lines, and what an ingestion would change. */
export function renderPreview(preview: PreviewView, out: Pick<Output, "width" | "paint">): string {
  const { rows, faults, warnings } = preview;
  const table = (columns: readonly Column[], lines: readonly Row[]) =>
    lines.length === 0 ? [] : [renderTable(columns, lines, out.width, out.paint), ""];
  return [
    ...table(ROW_COLUMNS, rows.map(rowOf)),
    ...table(findingColumns("FAULT"), faults.map(findingRow)),
    ...table(findingColumns("WARNING"), warnings.map(findingRow)),
    ...summaryOf(preview).map(({ text, style }) => (style ? out.paint(style, text) : text)),
  ].join("\n");
}

function rowOf({ line, lien, faults, warnings }: PreviewedRow): Row {
  if (lien === null) {
    return {
      cells: [String(line), { text: "refused", style: "red" }],
      note: { text: faults.join("; "), style: "red" },
    };
  }
  const others = Object.entries(lien).filter(([name, value]) => !FIELDS.includes(name as "status") && isTelling(value));
  const texts = [...others.map(([name, value]) => `${name} ${shown(value)}`), ...warnings];
  return {
    cells: [String(line), ...FIELDS.map((name) => shown(lien[name]))],
    note: texts.length > 0 ? { text: texts.join("; "), style: "dim" } : undefined,
  };
}

/** Whether a field differs from the value of a field that no column fills. */
function isTelling(value: unknown): boolean {
  return value !== null && value !== false && value !== "0" && value !== "unknown";
}

function shown(value: unknown): string {
  if (value === null || value === undefined) return "–";
  return oneLine(typeof value === "string" ? value : JSON.stringify(value));
}

function findingColumns(title: string): readonly Column[] {
  return [{ title, flexible: true }, { title: "ROWS", align: "right" }, { title: "LINES" }];
}

function findingRow({ field, reason, rows, lines }: CountedFinding): Row {
  return { cells: [`${field}: ${reason}`, grouped(rows), linesOf(lines, rows)] };
}

/** `64, 125, …` */
function linesOf(lines: readonly number[], rows: number): string {
  return [...lines, ...(lines.length > 0 && rows > lines.length ? ["…"] : [])].join(", ");
}

function summaryOf({ read, valid, repeated, otherRows, changes, ...preview }: PreviewView): Line[] {
  const { created, updated, unchanged, notListed } = changes;
  const parts = [
    `${grouped(created)} created`,
    `${grouped(updated)} updated`,
    `${grouped(unchanged)} unchanged`,
    ...(notListed === null ? [] : [`${grouped(notListed)} not listed`]),
  ];
  const warning = (text: string): Line => ({ text, style: "yellow" });
  const { rows, lines } = repeated;
  return [
    { text: `${quantity(read, "row")}, ${quantity(valid, "lien")}. An ingestion: ${parts.join(", ")}.`, style: "bold" },
    ...(rows > 0 ? [warning(repeatsOf(rows, lines))] : []),
    ...(otherRows > 0 ? [{ text: `${quantity(otherRows, "row")} left out by source.where.` }] : []),
    ...(preview.unread.length > 0 ? [{ text: `Columns that nothing reads: ${preview.unread.join(", ")}.` }] : []),
    ...(preview.stoppedAfter === null
      ? []
      : [warning(`Only a part was read: it stopped after ${preview.stoppedAfter}.`)]),
    ...(preview.doubt === null ? [] : [warning(`No lien would be delisted: ${preview.doubt}.`)]),
    ...(preview.shrinks
      ? [warning("An ingestion would refuse the list: it has less than half of the last one's liens.")]
      : []),
    ...(valid === 0 ? [{ text: "No row is a lien.", style: "red" } as const] : []),
  ];
}

function repeatsOf(rows: number, lines: readonly number[]): string {
  return rows === 1
    ? `1 row repeats a lien, in line ${lines[0]}.`
    : `${grouped(rows)} rows repeat a lien, in lines ${linesOf(lines, rows)}.`;
}
