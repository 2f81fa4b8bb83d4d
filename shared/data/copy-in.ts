import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** A stream and its transforms; the last one yields COPY text. */
export type Sources = readonly [Readable, ...Transform[]];

/**
 * Adds rows to a table by COPY: all of them, or none.
 * @param target the quoted table, with a column list if it is not all columns
 * @throws the error of a source, or of the database
 */
export async function copyIn(sql: postgres.ISql, target: string, sources: Sources): Promise<void> {
  const query = sql.unsafe(`copy ${target} from stdin`);
  const failed = databaseError(query);
  const stop = new AbortController();
  const into = await query.writable();
  const flow = pipeline([...sources, into], { signal: stop.signal });
  try {
    await Promise.race([flow, failed]);
  } catch (error) {
    stop.abort();
    await flow.catch(() => undefined);
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
