import type { Db } from "#data/client.ts";
import { contentHash, identityOf } from "#data/tax-liens/lien-staging.ts";
import { compareLiens, type Comparison, countOpenLiens, type MentionedLien } from "#data/tax-liens/list-comparison.ts";
import type { CallPolicy } from "#jobs/call-policy.ts";
import { columnsOf } from "#providers/county-lists/field-texts.ts";
import type { ListedCounty, ListFindings } from "#providers/county-lists/open-county-list.ts";
import { openCountyList } from "#providers/county-lists/open-county-list.ts";
import type { ListSettings } from "#providers/county-lists/open-list.ts";
import type { ParsedLien } from "#rules/tax-liens/lien-fields.ts";
import { findingText } from "#rules/tax-liens/row-finding.ts";

/** Rows that a preview reads: it remembers the identity of each. */
const MOST_ROWS = 200_000;
const MOST_MS = 25_000;
const COMPARED_AT_ONCE = 1_000;
const LONGEST_RAW = 2_000;
const REPEATS_SHOWN = 10;
const MOST_COLUMNS = 100;

export interface PreviewedRow {
  readonly line: number;
  readonly raw: string;
  /** The cells that the source names, by column. */
  readonly cells: Readonly<Record<string, string>>;
  /** The fields as they would be stored; null for a refused row. */
  readonly lien: ParsedLien | null;
  readonly faults: readonly string[];
  readonly warnings: readonly string[];
}

export interface ListPreview extends ListFindings {
  readonly rows: readonly PreviewedRow[];
  /** Rows that were read. */
  readonly read: number;
  readonly valid: number;
  /** The columns of the list that the source does not name. */
  readonly unread: readonly string[];
  /** Null when the whole list was read. */
  readonly stoppedAfter: string | null;
  /** Why no lien would be delisted; null when the list is whole. */
  readonly doubt: string | null;
  /** Rows that repeat a lien, which an ingestion refuses, with the first lines. */
  readonly repeated: { readonly rows: number; readonly lines: readonly number[] };
  /** Null for the missing ones where only a part was read. */
  readonly changes: Omit<Comparison, "open"> & { readonly notListed: number | null };
}

interface PreviewOptions {
  readonly year: number;
  /** Rows that the preview shows. */
  readonly shown: number;
  readonly signal: AbortSignal;
  /** Of the calls. Default: every call starts at once. */
  readonly policy?: CallPolicy | undefined;
  /** Default: 200,000. */
  readonly mostRows?: number;
  /** Ends the reading. Default: 25 seconds from the call. */
  readonly deadline?: AbortSignal;
}

/**
 * Reads a county's list as an ingestion would, and stores nothing. It reads at most 200,000 rows and 25 seconds; memory
 * holds one part of the list, and the identities of its liens.
 * @throws ProviderError for a list that cannot be read
 */
export async function previewList(
  db: Db,
  county: ListedCounty,
  settings: ListSettings,
  { year, shown, signal, policy, mostRows = MOST_ROWS, deadline = AbortSignal.timeout(MOST_MS) }: PreviewOptions,
): Promise<ListPreview> {
  const list = openCountyList(county, settings, year, { policy });
  const names = columnsOf(county.source).map(nameOf);
  const [rows, lines, waiting]: [PreviewedRow[], number[], MentionedLien[]] = [[], [], []];
  const [valid, mentioned] = [new Set<string>(), new Set<string>()];
  const totals = { created: 0, updated: 0, unchanged: 0, open: 0 };
  let [read, repeated] = [0, 0];
  let stoppedAfter: string | null = null;

  try {
    reading: for await (const portion of list.rows(AbortSignal.any([signal, deadline]))) {
      for (const { line, reading, raw, values } of portion) {
        if (read === mostRows) {
          stoppedAfter = `${mostRows} rows`;
          break reading;
        }
        read += 1;
        if (!reading) continue;
        const { lien = null, faults = [], warnings } = reading;
        if (rows.length < shown) {
          const cells = Object.fromEntries(values.map((value, place) => [names[place]!, value]));
          const texts = { faults: faults.map(findingText), warnings: warnings.map(findingText) };
          rows.push({ line, raw: raw().slice(0, LONGEST_RAW), cells, lien, ...texts });
        }
        const name = lien ?? reading.name;
        if (!name) continue;
        const { taxYear } = name;
        const [identity, key] = [identityOf(name), `${taxYear} ${identityOf(name)}`];
        if (lien && valid.has(key)) {
          repeated += 1;
          if (lines.length < REPEATS_SHOWN) lines.push(line);
          continue;
        }
        waiting.push({ taxYear, identity, hash: lien && contentHash(lien), isFirst: !mentioned.has(key) });
        mentioned.add(key);
        if (lien) valid.add(key);
        if (waiting.length >= COMPARED_AT_ONCE) await compare();
      }
    }
  } catch (error) {
    if (!deadline.aborted || signal.aborted || read === 0) throw error;
    stoppedAfter = `${MOST_MS / 1_000} seconds`;
  } finally {
    list.close();
  }
  await compare();
  const doubt = list.doubt();
  const isWhole = stoppedAfter === null && doubt === null;
  const { open, ...changed } = totals;
  const notListed = isWhole ? Math.max(0, (await countOpenLiens(db, county.id)) - open) : null;
  return {
    ...list.findings(),
    rows,
    read,
    valid: valid.size,
    unread: list.unread().slice(0, MOST_COLUMNS),
    stoppedAfter,
    doubt,
    repeated: { rows: repeated, lines },
    changes: { ...changed, notListed },
  };

  async function compare(): Promise<void> {
    if (waiting.length === 0) return;
    const found = await compareLiens(db, county.id, waiting.splice(0));
    for (const name of ["created", "updated", "unchanged", "open"] as const) totals[name] += found[name];
  }
}

function nameOf(column: ReturnType<typeof columnsOf>[number]): string {
  return typeof column === "object" ? `${column.column} (${column.position})` : String(column);
}
