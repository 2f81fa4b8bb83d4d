import {
  damagedRows,
  namedRow,
  removeRepeatedLiens,
  stagedRow,
  StagedRows,
  stageRows,
  type Staging,
} from "#data/tax-liens/lien-staging.ts";
import type { JobContext } from "#jobs";
import { type ListFindings, MOST_UNNAMED, openCountyList } from "#providers/county-lists/open-county-list.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import { REJECT_HEADER, type RejectedRow, rejectLine } from "#rules/tax-liens/reject-line.ts";
import { findingText } from "#rules/tax-liens/row-finding.ts";
import { openContainer } from "#storage/blob-container.ts";
import { type GzipFile, openGzipFile } from "#storage/gzip-file.ts";
import type { ConfiguredCounty } from "./configured-county.ts";

/** Refused rows that the database stores as well as the file. */
const KEPT_REJECTS = 1_000;
const LONGEST_RAW = 2_000;
const REPEATED_AT_ONCE = 5_000;

export const REJECTS_CONTAINER = "lien-rejects";

export interface StagedList {
  readonly failed: number;
  readonly rejectBlob: string | null;
  /** The first refused rows, by line. */
  readonly rejects: readonly RejectedRow[];
  /** Why liens that the list does not name may still be listed; null when the list is whole. */
  readonly doubt: string | null;
  /** Whether a row of the list names no lien. */
  readonly isDamaged: boolean;
  readonly findings: ListFindings;
}

export interface SaleDates {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
}

/**
 * Reads a county's list to its end: valid liens go to the staging table, other rows with their reasons to the reject
 * file. The identities of refused liens are staged too, so that they do not count as missing from the list. Memory
 * holds one part of the list at a time.
 * @param day the current local day of the county
 */
export async function stageList(
  { db, settings, signal, run, log, progress, transaction, callPolicy }: JobContext<unknown>,
  county: ConfiguredCounty,
  staging: Staging,
  { day, saleDates }: { day: string; saleDates: SaleDates | null },
): Promise<StagedList> {
  const list = openCountyList(county, settings, Number(day.slice(0, 4)), { policy: callPolicy });
  const rejects = new Rejects(settings, `${county.id}/${day}/${run.id}.csv.gz`, signal);
  if (!rejects.hasStorage)
    log.warn(`Only the first ${KEPT_REJECTS} refused rows are stored: no storage is configured (AzureWebJobsStorage)`);
  const [staged, named, damaged] = [new StagedRows("list"), new StagedRows("named"), new StagedRows("damaged")];
  let rows = 0;
  try {
    for await (const portion of list.rows(signal)) {
      signal.throwIfAborted();
      for (const { line, reading, raw } of portion) {
        if (!reading) continue;
        const { lien, faults, name = lien } = reading;
        if (faults) await rejects.add({ line, reasons: faults.map(findingText), raw: raw() });
        if (lien && isWithin(saleDates, lien.saleDate)) staged.add(stagedRow(lien, line));
        else if (name) named.add(namedRow(name));
        else if (list.unnamed() <= MOST_UNNAMED) {
          for (const text of damagedRows(raw())) {
            if (damaged.isFull) await stageRows(db, staging, damaged);
            damaged.add(text);
          }
        }
        if (staged.isFull) await stageRows(db, staging, staged);
        if (named.isFull) await stageRows(db, staging, named);
        rows += 1;
      }
      progress(rows);
    }
    await stageRows(db, staging, staged);
    await stageRows(db, staging, named);
    await stageRows(db, staging, damaged);
    for (;;) {
      const repeated = await transaction((tx) => removeRepeatedLiens(tx, staging, REPEATED_AT_ONCE));
      if (repeated.length === 0) break;
      for (const { line, firstLine, identity, taxYear, parcelId, faceAmount } of repeated) {
        const reason = `row: the lien ${identity} of ${taxYear} is already in line ${firstLine}, which was used`;
        await rejects.add({
          line,
          reasons: [reason],
          raw: JSON.stringify({ taxYear, identity, parcelId, faceAmount }),
        });
      }
    }
    await rejects.end();
    const { failed, rejectBlob, rejects: kept } = rejects;
    return {
      failed,
      rejectBlob,
      rejects: kept,
      doubt: list.doubt(),
      isDamaged: list.unnamed() > 0,
      findings: list.findings(),
    };
  } catch (error) {
    rejects.abandon();
    throw error;
  } finally {
    list.close();
  }
}

function isWithin(range: SaleDates | null, date: string | null): boolean {
  if (!range) return true;
  return date !== null && date >= (range.from ?? "") && date <= (range.to ?? "9999-12-31");
}

class Rejects {
  failed = 0;
  rejectBlob: string | null = null;
  /** The first ones. */
  readonly rejects: RejectedRow[] = [];
  readonly hasStorage: boolean;
  readonly #begin: () => GzipFile;
  #file: GzipFile | undefined;

  constructor(settings: JobContext<unknown>["settings"], blob: string, signal: AbortSignal) {
    this.hasStorage = Boolean(settings.AzureWebJobsStorage ?? settings.AzureWebJobsStorage__accountName);
    this.#begin = () => openGzipFile(openContainer(settings, REJECTS_CONTAINER), blob, "application/gzip", signal);
  }

  async add(row: RejectedRow): Promise<void> {
    this.failed += 1;
    if (this.rejects.length < KEPT_REJECTS) {
      const reasons = row.reasons.map((reason) => jsonbSafeText(reason, LONGEST_RAW));
      this.rejects.push({ line: row.line, reasons, raw: jsonbSafeText(row.raw, LONGEST_RAW) });
    }
    if (!this.hasStorage) return;
    if (!this.#file) {
      this.#file = this.#begin();
      await this.#file.add(REJECT_HEADER);
    }
    await this.#file.add(rejectLine(row));
  }

  async end(): Promise<void> {
    await this.#file?.end();
    this.rejectBlob = this.#file?.blob ?? null;
  }

  abandon(): void {
    this.#file?.abandon();
  }
}
