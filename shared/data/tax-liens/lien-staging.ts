import { hash } from "node:crypto";
import { Readable } from "node:stream";
import { type SQL, sql } from "drizzle-orm";
import type { Db, Executor, Tx } from "../client.ts";
import { copyIn } from "../copy-in.ts";
import { jobRuns } from "../platform/platform-schema.ts";
import type { Lien, LienStatus, Property } from "./tax-lien-schema.ts";

/** A lien of a county list, with its property. */
export type ListedLien = Pick<Lien, (typeof LIEN_COLUMNS)[number]> &
  Pick<Property, (typeof PROPERTY_COLUMNS)[number]> & { readonly status: Exclude<LienStatus, "not_listed"> };

/** The staging tables of one attempt of one run. A rescued attempt so cannot write into the list of the next one. */
export interface Staging {
  readonly runId: string;
  readonly attempt: number;
}

const PROPERTY_COLUMNS = [
  "parcelId",
  "address",
  "city",
  "zip",
  "legalDescription",
  "owner",
  "propertyType",
  "assessedValue",
  "bankruptcy",
  "environmental",
  "codeViolations",
] as const;

const LIEN_COLUMNS = [
  "taxYear",
  "certificateNumber",
  "faceAmount",
  "priorLiens",
  "penalties",
  "premium",
  "fees",
  "interestRate",
  "bidRate",
  "status",
  "saleDate",
  "redemptionDeadline",
] as const;

/**
 * `list`: the liens to merge. `named`: liens of refused rows or other sale dates, which count as listed only.
 * `damaged`: texts of rows that name no lien; liens whose identity they contain count as listed.
 */
export type StagedPart = "list" | "named" | "damaged";

/** The quoted table name. */
export function stagingTable(staging: Staging, part: StagedPart = "list"): SQL {
  return sql.raw(nameOf(staging, part));
}

function nameOf({ runId, attempt }: Staging, part: StagedPart): string {
  if (!/^[0-9a-f-]{36}$/.test(runId)) throw new TypeError(`staging: expected the id of a run, got ${runId}`);
  return `tax_liens_staging."${part}_${runId.replaceAll("-", "")}_${attempt}"`;
}

export async function createStaging(tx: Tx, staging: Staging): Promise<void> {
  await tx.execute(sql`
    create unlogged table ${stagingTable(staging)} (
      parcel_id text not null, address text, city text, zip text, legal_description text, owner text,
      property_type text not null, assessed_value numeric, bankruptcy boolean not null, environmental boolean not null,
      code_violations boolean not null,
      tax_year integer not null, certificate_number text, face_amount numeric not null, prior_liens numeric not null,
      penalties numeric not null, premium numeric not null, fees numeric not null, interest_rate numeric, bid_rate numeric,
      status text not null, sale_date date, redemption_deadline date,
      line bigint not null, identity text not null, content_hash uuid not null
    ) with (autovacuum_enabled = false)`);
  await tx.execute(sql`
    create unlogged table ${stagingTable(staging, "named")} (tax_year integer not null, identity text not null)
      with (autovacuum_enabled = false)`);
  await tx.execute(sql`
    create unlogged table ${stagingTable(staging, "damaged")} (text text not null) with (autovacuum_enabled = false)`);
}

export async function dropStaging(tx: Executor, staging: Staging): Promise<void> {
  await tx.execute(sql`
    drop table if exists ${stagingTable(staging)}, ${stagingTable(staging, "named")}, ${stagingTable(staging, "damaged")}`);
}

/** The staging of attempts that no longer run: a killed process could not drop its tables. */
export async function abandonedStaging(db: Executor): Promise<Staging[]> {
  const rows = await db.execute<{ runId: string; attempt: number }>(sql`
    select t.run_id as "runId", t.attempt
      from (select (m)[1]::uuid as run_id, (m)[2]::integer as attempt
              from pg_tables, regexp_match(tablename, '^list_([0-9a-f]{32})_([0-9]+)$') as m
             where schemaname = 'tax_liens_staging' and m is not null) as t
     where not exists (select from ${jobRuns} r where r.id = t.run_id and r.attempt = t.attempt and r.state = 'running')`);
  return [...rows];
}

/**
 * Adds rows to their staging table by COPY, in a transaction of their own. It holds a connection during the copy only,
 * not while the next rows are read.
 */
export async function stageRows(db: Db, staging: Staging, rows: StagedRows): Promise<void> {
  const bytes = rows.take();
  if (bytes.length === 0) return;
  await db.$client.begin((tx) => copyIn(tx, nameOf(staging, rows.part), [Readable.from([bytes])]));
}

const COPY_BYTES = 256 * 1024;
const LONGEST_ROW_BYTES = 64 * 1024;

/**
 * A buffer of rows in COPY format. Bytes, because thousands of strings would reach the old generation of the garbage
 * collector.
 */
export class StagedRows {
  readonly part: StagedPart;
  readonly #bytes = Buffer.allocUnsafe(COPY_BYTES);
  #length = 0;

  constructor(part: StagedPart) {
    this.part = part;
  }

  get isFull(): boolean {
    return this.#length > COPY_BYTES - LONGEST_ROW_BYTES;
  }

  /** Call it only while the buffer is not full. @throws RangeError for a row longer than 64 KiB */
  add(row: string): void {
    if (row.length * 3 > LONGEST_ROW_BYTES) throw new RangeError(`a row of ${row.length} characters cannot be staged`);
    this.#length += this.#bytes.write(row, this.#length);
  }

  /** Returns the buffered bytes, valid until the next `add`. */
  take(): Buffer {
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#length = 0;
    return bytes;
  }
}

/** A row in COPY format. Its hash covers all list fields, not the line number. */
export function stagedRow(lien: ListedLien, line: number): string {
  const content = contentOf(lien);
  return `${content}${line}\t${cell(identityOf(lien))}\t${hash("md5", content)}\n`;
}

/** The hash that a stored lien has of this content. */
export function contentHash(lien: ListedLien): string {
  return hash("md5", contentOf(lien));
}

function contentOf(lien: ListedLien): string {
  let content = "";
  for (const column of PROPERTY_COLUMNS) content += `${cell(lien[column])}\t`;
  for (const column of LIEN_COLUMNS) content += `${cell(lien[column])}\t`;
  return content;
}

/** The COPY row of a lien that is only named. */
export function namedRow(lien: Pick<ListedLien, "taxYear" | "certificateNumber" | "parcelId">): string {
  return `${lien.taxYear}\t${cell(identityOf(lien))}\n`;
}

/** Characters of one COPY row of a damaged text. */
const PIECE = 16_000;
/** As long as the longest identity, so that no piece boundary splits one. */
const PIECE_OVERLAP = 64;

/** The COPY rows of a row's text from which no lien can be read. */
export function damagedRows(text: string): string[] {
  const tidy = text.replaceAll("\0", "").toWellFormed();
  const pieces: string[] = [];
  for (let at = 0; at < tidy.length; at += PIECE - PIECE_OVERLAP) pieces.push(`${cell(tidy.slice(at, at + PIECE))}\n`);
  return pieces;
}

/** What identifies a lien within its county and tax year. */
export function identityOf({
  certificateNumber,
  parcelId,
}: Pick<ListedLien, "certificateNumber" | "parcelId">): string {
  return certificateNumber ?? parcelId;
}

function cell(value: string | number | boolean | null): string {
  if (value === null) return "\\N";
  if (typeof value !== "string") return String(value);
  return /[\\\t\n\r]/.test(value) ? value.replace(/[\\\t\n\r]/g, (found) => ESCAPED[found]!) : value;
}

const ESCAPED: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A row with the same lien as an earlier row. */
export interface RepeatedLien {
  readonly line: number;
  readonly firstLine: number;
  readonly identity: string;
  readonly taxYear: number;
  readonly parcelId: string;
  readonly faceAmount: string;
}

/** Deletes rows that repeat an earlier lien, at most `limit` per call. The first row of a lien stays. */
export async function removeRepeatedLiens(tx: Tx, staging: Staging, limit: number): Promise<RepeatedLien[]> {
  const table = stagingTable(staging);
  const rows = await tx.execute<RepeatedLien & Record<string, unknown>>(sql`
    with repeated as (
      select tax_year, identity, min(line) as first_line from ${table} group by tax_year, identity having count(*) > 1
    ), removable as (
      select s.ctid as row_id, r.first_line from ${table} s join repeated r using (tax_year, identity)
       where s.line > r.first_line order by s.line limit ${limit}
    )
    delete from ${table} s using removable where s.ctid = removable.row_id
    returning s.line::integer as line, removable.first_line::integer as "firstLine", s.identity, s.tax_year as "taxYear",
              s.parcel_id as "parcelId", s.face_amount::text as "faceAmount"`);
  return [...rows].sort((a, b) => a.line - b.line);
}

/** Analyzes the staging table. @returns the number of staged liens */
export async function countStaged(tx: Tx, staging: Staging): Promise<number> {
  await tx.execute(sql`analyze ${stagingTable(staging)}`);
  const [row] = await tx.execute<{ rows: number }>(sql`select count(*)::integer as rows from ${stagingTable(staging)}`);
  return row?.rows ?? 0;
}
