import type { Readable, Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type postgres from "postgres";

/** Where rows come from, and what they pass through: their COPY text comes out at the end. */
export type Sources = readonly [Readable, ...Transform[]];

/**
 * Adds rows to a table by COPY: all of them, or none.
 * @param target a table, with its columns where they are not all, quoted
 * @throws what a source throws, or what the database says against the rows
 */
export async function copyIn(sql: postgres.ISql, target: string, sources: Sources): Promise<void> {
  const query = sql.unsafe(`copy ${target} from stdin`);
  const refused = refusalOf(query);
  const stop = new AbortController();
  const into = await query.writable();
  const flow = pipeline([...sources, into], { signal: stop.signal });
  try {
    await Promise.race([flow, refused]);
  } catch (error) {
    stop.abort();
    await flow.catch(() => undefined);
    throw error;
  }
}

/**
 * What the database says against a COPY. The driver has answered the query with its stream by then, and after the stream's last
 * byte it tells nobody: whoever waits for the stream alone waits until the connection's next statement, and takes it for success.
 */
function refusalOf(query: object): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined);
  const own = query as { reject(error: unknown): void };
  const answered = own.reject.bind(own);
  own.reject = (error) => {
    reject(error);
    answered(error);
  };
  return promise;
}
