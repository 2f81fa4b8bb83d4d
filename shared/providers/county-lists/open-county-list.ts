import type { ListRules } from "#rules/tax-liens/list-rules.ts";
import { lienReader, type LienReading } from "#rules/tax-liens/read-lien.ts";
import { type FindingCount, FindingCounts } from "#rules/tax-liens/row-finding.ts";
import type { OutboundOptions } from "../outbound.ts";
import type { ListedRow, ListReader } from "./county-list.ts";
import type { CountySource } from "./county-source.ts";
import { columnsOf, fieldTexts } from "./field-texts.ts";
import { type ListSettings, openList } from "./open-list.ts";
import { rowFilterOf } from "./row-filter.ts";

/** With more rows that name no lien, a list does not tell what is missing from it. */
export const MOST_UNNAMED = 2_000;

/** A county with the checked configuration of its list. */
export interface ListedCounty {
  readonly id: string;
  readonly source: CountySource;
  readonly rules: ListRules;
  /** A CSV file to read instead of the one that the source names. */
  readonly file?: Buffer | undefined;
}

/** A row of a county's list, read by the county's configuration. */
export interface CountyRow {
  /** In a file the line in which the row ends, otherwise the number of the record; from 1. */
  readonly line: number;
  /** The lien, or the faults for which the row is refused. Null: `source.where` leaves the row out. */
  readonly reading: LienReading | null;
  /** The whole row as text, for people. */
  readonly raw: () => string;
  /** The cells of the columns that the source names, in the order of `columnsOf`; none of a damaged row. */
  readonly values: readonly string[];
}

export interface CountyList {
  /**
   * Yields chunks of rows; read each chunk to its end before the next one. Memory stays flat. Leaving the loop ends the
   * download.
   * @throws ProviderError for a list that cannot be read
   */
  rows(signal: AbortSignal): AsyncIterable<Iterable<CountyRow>>;
  /** Why liens that the rows do not name may still be listed; null when the list is whole. */
  readonly doubt: () => string | null;
  /** Refused rows so far that name no lien: each may be any lien of the county. */
  readonly unnamed: () => number;
  /** How many rows have each fault or warning so far, and warnings about the whole list. */
  readonly findings: () => ListFindings;
  /** The columns of the list that the source does not name. */
  readonly unread: () => readonly string[];
  readonly close: () => void;
}

export interface ListFindings {
  /** By field and kind, the most frequent first. A row may have several. */
  readonly faults: readonly FindingCount[];
  readonly warnings: readonly FindingCount[];
  /** Rows that `source.where` leaves out. */
  readonly otherRows: number;
}

/**
 * Opens the list of a county, which reads it into liens. The first request follows when its rows are read.
 * @param year of the ingestion, the base of the allowed tax years
 * @throws ProviderError when the list must not be fetched from its URL
 */
export function openCountyList(
  county: ListedCounty,
  settings: ListSettings,
  year: number,
  limits: Pick<OutboundOptions, "timeoutMs" | "stallMs" | "resolve" | "policy"> = {},
): CountyList {
  const list = openList(county.id, county.source, settings, { ...limits, file: county.file });
  return {
    ...countyList(county, list, year),
    close: () => {
      list.close();
    },
  };
}

/** Reads an opened list into liens. */
export function countyList({ source, rules }: ListedCounty, list: ListReader, year: number): Omit<CountyList, "close"> {
  const textsOf = fieldTexts(source);
  const isOfCounty = rowFilterOf(source);
  const read = lienReader(source, rules, year);
  const [faults, warnings] = [new FindingCounts(), new FindingCounts()];
  let [otherRows, lostIds, unnamed] = [0, 0, 0];

  return { rows, doubt, unnamed: () => unnamed, findings, unread: list.unread };

  async function* rows(signal: AbortSignal): AsyncGenerator<Iterable<CountyRow>> {
    for await (const portion of list.read(columnsOf(source), signal)) yield rowsOf(portion);
    warnings.add(list.warnings(), null);
  }

  function* rowsOf(portion: Iterable<ListedRow>): Generator<CountyRow> {
    for (const row of portion) {
      const reading = readingOf(row);
      if (reading === null) otherRows += 1;
      else {
        if (reading.faults) faults.add(reading.faults, row.line);
        if (reading.warnings.length > 0) warnings.add(reading.warnings, row.line);
        if (reading.isIdLost) lostIds += 1;
        if (reading.name === null) unnamed += 1;
      }
      yield { line: row.line, reading, raw: row.raw, values: row.values };
    }
  }

  function readingOf({ values, fault }: ListedRow): LienReading | null {
    if (fault) return { faults: [fault], name: null, isIdLost: false, warnings: [] };
    if (!isOfCounty(values)) return null;
    const { texts, faults } = textsOf(values);
    return read(texts, faults);
  }

  function doubt(): string | null {
    if (lostIds > 0)
      return `${lostIds} ${lostIds === 1 ? "row has an id" : "rows have ids"} that a spreadsheet destroyed`;
    return list.openEnd() ?? (unnamed > MOST_UNNAMED ? `${unnamed} rows name no lien` : null);
  }

  function findings(): ListFindings {
    return { faults: faults.list, warnings: warnings.list, otherRows };
  }
}
