import type postgres from "postgres";

type Sql = postgres.TransactionSql;
type Work = (sql: Sql) => unknown;

/** The transaction has ended or lost its connection; it takes no more statements. */
export class TransactionEnded extends Error {
  override name = "TransactionEnded";
  /** The code of the driver for a lost connection, so that the work is retried. */
  readonly code = "CONNECTION_CLOSED";
}

/**
 * Ends a transaction with its connection. When `postgres` 3.4 loses the connection it rejects `begin`, but the callback
 * continues on the next connection of that pool slot: its statements commit one by one, and its `commit` ends another
 * transaction. This guard refuses those statements and does not wait for the callback. See
 * docs/decisions/0014-driver-guard.md.
 */
export function guardTransactions(client: postgres.Sql): postgres.Sql {
  const begin = client.begin.bind(client) as (...given: [Work] | [string, Work]) => Promise<unknown>;
  const guarded = (...given: [Work] | [string, Work]) => {
    const [options, work] = given.length === 1 ? ["", given[0]] : given;
    const guard = new TransactionGuard();
    const run = (sql: Sql) => guard.run(sql, work);
    const ended = options === "" ? begin(run) : begin(options, run);
    return Promise.race([ended, guard.connectionLost]).finally(() => {
      guard.end();
    });
  };
  return Object.assign(client, { begin: guarded });
}

/** One transaction, from its first statement until it ends or loses its connection. */
class TransactionGuard {
  readonly #connectionLost = Promise.withResolvers<never>();
  #isEnded = false;
  #loss: TransactionEnded | undefined;

  constructor() {
    this.connectionLost.catch(() => undefined);
  }

  get connectionLost(): Promise<never> {
    return this.#connectionLost.promise;
  }

  end(): void {
    this.#isEnded = true;
  }

  /** Runs the callback of a transaction, which sends no more statements when it has returned. */
  async run(sql: Sql, work: Work): Promise<unknown> {
    try {
      return await this.#scope(sql, work);
    } finally {
      this.end();
    }
  }

  /**
   * Runs the callback of a transaction or savepoint. Once the transaction has ended, the driver never sees the result.
   */
  async #scope(sql: Sql, work: Work): Promise<unknown> {
    try {
      return await work(this.#guard(sql));
    } finally {
      if (this.#isEnded) await new Promise(() => undefined);
    }
  }

  #guard(sql: Sql): Sql {
    return new Proxy(sql, {
      apply: (target, self, given) => {
        this.#refuse();
        return Reflect.apply(target as unknown as () => unknown, self, given) as unknown;
      },
      get: (target, name) => {
        if (name === "unsafe") return this.#unsafe(target);
        if (name === "savepoint") return this.#savepoint(target);
        return Reflect.get(target, name) as unknown;
      },
    });
  }

  /** Drizzle sends all its statements through `unsafe`. */
  #unsafe(sql: Sql): Sql["unsafe"] {
    return ((...given: Parameters<Sql["unsafe"]>) => {
      this.#refuse();
      const query = sql.unsafe(...given);
      // Runs before the callback sees the error, so that the callback cannot send its next statement.
      query.catch((error: unknown) => {
        if (isConnectionLoss(error)) this.#lose(error);
      });
      return query;
    }) as Sql["unsafe"];
  }

  #savepoint(sql: Sql): Sql["savepoint"] {
    return ((...given: [Work] | [string, Work]) => {
      this.#refuse();
      const [name, work] = given.length === 1 ? [undefined, given[0]] : given;
      const guarded = (inner: Sql) => this.#scope(inner, work);
      return name === undefined ? sql.savepoint(guarded) : sql.savepoint(name, guarded);
    }) as Sql["savepoint"];
  }

  #refuse(): void {
    if (this.#isEnded) throw this.#loss ?? new TransactionEnded("the transaction has ended");
  }

  #lose(error: Error): void {
    if (!this.#isEnded) {
      this.#loss = new TransactionEnded(`the transaction lost its connection: ${error.message}`, { cause: error });
    }
    this.#isEnded = true;
    this.#connectionLost.reject(error);
  }
}

/** Whether the connection is lost: an error of the driver or the system, or a FATAL one of the server. */
function isConnectionLoss(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return (
    code === "CONNECTION_CLOSED" ||
    code === "CONNECTION_DESTROYED" ||
    "syscall" in error ||
    /FATAL|PANIC/.test(String(severity))
  );
}
