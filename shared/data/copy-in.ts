import { PassThrough, type Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** A stream and its transforms; the last one yields COPY text. */
export type Sources = readonly [Readable, ...Transform[]];

/**
 * Adds rows to a table by COPY: all of them, or none. Only in a transaction: the driver sends the other statements of a
 * pool on any connection, also on one in the middle of a COPY, which breaks both.
 * @param tx a transaction of the driver, with no other statement under way
 * @param target the quoted table, with a column list if it is not all columns
 * @throws the error of a source, or of the database
 */
export async function copyIn(tx: postgres.TransactionSql, target: string, sources: Sources): Promise<void> {
  const query = tx.unsafe(`copy ${target} from stdin`);
  const failed = databaseError(query);
  const stop = new AbortController();
  const rows = new PassThrough();
  const flows = [
    // From the start: a source that fails before the database is ready needs a listener for its error.
    pipeline([...sources, rows], { signal: stop.signal }),
    query.writable().then((into) => pipeline(rows, into, { signal: stop.signal })),
  ];
  try {
    await Promise.race([Promise.all(flows), failed]);
  } catch (error) {
    stop.abort();
    // The connection takes no statement, not even the rollback, before the COPY has ended.
    await Promise.allSettled(flows);
    throw error;
  }
}

/**
 * Rejects with the error of the database for a COPY. The driver has already resolved the query with its stream, and
 * drops an error that arrives after the stream's last byte: the stream alone would end like a success.
 */
function databaseError(query: object): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const own = query as { reject(error: unknown): void };
  const rejectQuery = own.reject.bind(own);
  own.reject = (error) => {
    reject(error);
    rejectQuery(error);
  };
  return promise;
}
