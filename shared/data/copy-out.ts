import { finished } from "node:stream/promises";
import type postgres from "postgres";

/**
 * Reads the rows of a query by COPY in its binary form, each as soon as it arrives: for more rows than memory holds.
 * @param tx a transaction of the driver, with no other statement under way
 * @param query a statement without parameters, of columns that are not null
 * @param onRow gets the bytes of each column in PostgreSQL's binary form; they change with the next row
 * @throws the error of the database, or of `onRow`
 */
export async function copyOut(
  tx: postgres.TransactionSql,
  query: string,
  onRow: (columns: readonly Buffer[]) => void,
): Promise<void> {
  const stream = await tx.unsafe(`copy (${query}) to stdout (format binary)`).readable();
  // The driver pauses its socket for a slow reader and resumes it on the next read. After the last rows there is no
  // next read, and the connection would never answer another statement.
  stream.once("end", () => {
    stream._read(0);
  });
  const rows = new BinaryRows(onRow);
  let failure: { readonly error: unknown } | undefined;
  stream.on("data", (bytes: Buffer) => {
    // The connection takes no statement, not even the rollback, before the COPY has ended: the rest is skipped.
    if (failure) return;
    try {
      rows.add(bytes);
    } catch (error) {
      failure = { error };
    }
  });
  await finished(stream);
  if (failure) throw failure.error;
}

/** The signature, two numbers of 32 bits. */
const HEADER_BYTES = 19;
/** In the place of a row's count of columns. */
const END_OF_ROWS = -1;

class BinaryRows {
  readonly #onRow: (columns: readonly Buffer[]) => void;
  #rest: Buffer | undefined;
  #hasHeader = false;

  constructor(onRow: (columns: readonly Buffer[]) => void) {
    this.#onRow = onRow;
  }

  add(bytes: Buffer): void {
    const all = this.#rest ? Buffer.concat([this.#rest, bytes]) : bytes;
    let at = 0;
    if (!this.#hasHeader && all.length >= HEADER_BYTES) [at, this.#hasHeader] = [HEADER_BYTES, true];
    while (this.#hasHeader) {
      const row = rowAt(all, at);
      if (!row) break;
      this.#onRow(row.columns);
      at = row.end;
    }
    this.#rest = at < all.length ? all.subarray(at) : undefined;
  }
}

/** The row at a place, unless a part of it is missing, or the rows have ended. */
function rowAt(
  bytes: Buffer,
  start: number,
): { readonly columns: readonly Buffer[]; readonly end: number } | undefined {
  if (bytes.length < start + 2) return undefined;
  const count = bytes.readInt16BE(start);
  if (count === END_OF_ROWS) return undefined;
  const columns: Buffer[] = [];
  let at = start + 2;
  for (let i = 0; i < count; i++) {
    if (bytes.length < at + 4) return undefined;
    const end = at + 4 + bytes.readInt32BE(at);
    if (bytes.length < end) return undefined;
    columns.push(bytes.subarray(at + 4, end));
    at = end;
  }
  return { columns, end: at };
}
