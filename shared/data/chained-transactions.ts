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
      this.#waiting.push({ work, resolve, reject });
      this.#openNext();
    });
  }

  #openNext(): void {
    if (this.#open >= this.#poolMax) return;
    const first = this.#waiting.shift();
    if (!first) return;
    this.#open += 1;
    void new Promise<void>((close) => {
      this.#run(first, close);
    }).then(() => {
      this.#open -= 1;
      this.#openNext();
    });
  }

  /** Runs transactions in one `begin` of the driver, which commits or rolls back the last one. */
  #run(first: Transaction, close: () => void): void {
    let current = first;
    const until = performance.now() + LONGEST_CHAIN_MS;
    const chain = async (sql: Sql): Promise<unknown> => {
      for (;;) {
        const result = await current.work(sql);
        const next = performance.now() < until ? this.#waiting.shift() : undefined;
        if (!next) return result;
        const isCommitted = await commitAndBegin(sql).catch((error: unknown) => {
          current.reject(error);
          this.#waiting.unshift(next);
          close();
          this.#openNext();
          // The driver has taken the connection back: it must not send a rollback on it.
          return new Promise<never>(() => undefined);
        });
        if (!isCommitted) {
          // A statement has failed. The driver rejects with its error.
          this.#waiting.unshift(next);
          return result;
        }
        current.resolve(result);
        current = next;
      }
    };
    this.#begin(chain).then(
      (result) => {
        current.resolve(result);
        close();
      },
      (error: unknown) => {
        current.reject(error);
        close();
      },
    );
  }
}

/**
 * The statement in the middle returns a row: only so the driver keeps the answer to the commit beside that to `begin`.
 * It takes no snapshot, so the transaction can still choose its isolation.
 * @returns false when PostgreSQL has rolled back instead, as it does after a failed statement
 */
async function commitAndBegin(sql: Sql): Promise<boolean> {
  const answers: unknown = await sql.unsafe("commit; show lock_timeout; begin");
  const [committed] = answers as readonly { readonly command: string }[];
  return committed?.command === "COMMIT";
}
