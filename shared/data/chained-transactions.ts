import { AsyncLocalStorage } from "node:async_hooks";
import type postgres from "postgres";

type Sql = postgres.TransactionSql;
type Work = (sql: Sql) => unknown;

/** A transaction that has not ended yet. */
interface Transaction {
  readonly work: Work;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds after which a chain returns its connection to the pool, where other statements may wait for it. */
const LONGEST_CHAIN_MS = 50;

/**
 * Saves a round trip where transactions wait for a connection: the next one begins in the message that commits the one
 * before it. Both are one text, so PostgreSQL begins nothing when the commit fails.
 * @param poolMax connections of the pool
 */
export function chainTransactions(client: postgres.Sql, poolMax: number): postgres.Sql {
  const begin = client.begin.bind(client) as (...given: unknown[]) => Promise<unknown>;
  const chains = new TransactionChains((work) => begin(work), poolMax);
  const chained = (...given: [Work] | [string, Work]) =>
    given.length === 1 ? chains.begin(given[0]) : begin(...given);
  return Object.assign(client, { begin: chained });
}

class TransactionChains {
  readonly #begin: (work: Work) => Promise<unknown>;
  readonly #poolMax: number;
  readonly #waiting: Transaction[] = [];
  #open = 0;

  constructor(begin: (work: Work) => Promise<unknown>, poolMax: number) {
    this.#begin = begin;
    this.#poolMax = poolMax;
  }

  begin(work: Work): Promise<unknown> {
    return new Promise((resolve, reject) => {
      // The chain calls it from the asynchronous context of another transaction.
      this.#waiting.push({ work: AsyncLocalStorage.bind(work), resolve, reject });
      this.#openNext();
    });
  }

  #openNext(): void {
    const first = this.#open < this.#poolMax ? this.#waiting.shift() : undefined;
    if (!first) return;
    this.#open += 1;
    void this.#run(first).finally(() => {
      this.#open -= 1;
      this.#openNext();
    });
  }

  /** Runs transactions in one `begin` of the driver, which commits or rolls back the last one. */
  async #run(first: Transaction): Promise<void> {
    let current = first;
    let next: Transaction | undefined;
    const commitFailed = Promise.withResolvers<never>();
    const chain = async (sql: Sql): Promise<unknown> => {
      const failure = firstFailure(sql);
      const until = performance.now() + LONGEST_CHAIN_MS;
      for (;;) {
        const result = await current.work(sql);
        if (failure.error) throw failure.error;
        next = performance.now() < until ? this.#waiting.shift() : undefined;
        if (!next) return result;
        await commitAndBegin(sql, commitFailed.reject);
        current.resolve(result);
        [current, next] = [next, undefined];
      }
    };
    try {
      const result = await Promise.race([this.#begin(chain), commitFailed.promise]);
      current.resolve(result);
    } catch (error) {
      current.reject(error);
    } finally {
      if (next) this.#waiting.unshift(next);
    }
  }
}

/**
 * The error of the first statement that fails outside of a savepoint. The driver rolls back for it, also when the
 * callback has caught it, but at the end of the chain: it would hit another transaction.
 */
function firstFailure(sql: Sql): { readonly error?: Error } {
  const failure: { error?: Error } = {};
  const unsafe = sql.unsafe.bind(sql) as (...given: unknown[]) => Promise<unknown>;
  sql.unsafe = ((...given: unknown[]) => {
    const query = unsafe(...given);
    // Not query.catch: the driver's own sends the query.
    void Promise.prototype.then.call(query, undefined, (error: Error) => (failure.error ??= error));
    return query;
  }) as Sql["unsafe"];
  return failure;
}

/**
 * The statement in the middle returns a row: only so the driver keeps the answer to the commit beside that to `begin`.
 * It takes no snapshot, so the transaction can still choose its isolation.
 * @param commitFailed called when nothing has begun; then this never ends, because the driver has taken the connection
 *     back and must send no rollback on it
 * @throws Error when PostgreSQL has rolled back instead; the driver then rolls back what has begun
 */
async function commitAndBegin(sql: Sql, commitFailed: (error: unknown) => void): Promise<void> {
  try {
    const answers: unknown = await sql.unsafe("commit; show lock_timeout; begin");
    const [committed] = answers as readonly { readonly command: string }[];
    if (committed?.command === "COMMIT") return;
  } catch (error) {
    commitFailed(error);
    await new Promise<never>(() => undefined);
  }
  throw new Error("PostgreSQL rolled the transaction back instead of committing it: a statement failed");
}
