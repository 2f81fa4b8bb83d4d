import type postgres from "postgres";

type Sql = postgres.TransactionSql;
type Work = (sql: Sql) => unknown;

/** A transaction lost its connection, or is over: nothing more can be done in it. */
export class TransactionEnded extends Error {
  override name = "TransactionOver";
  /** As the driver's own: what fails with it is tried again. */
  readonly code = "CONNECTION_CLOSED";
}

/**
 * Ends transactions with their connection. `postgres` 3.4 rejects `begin` when the connection is lost, but the work goes on: its
 * next statements, and the `commit` or `rollback` at its end, go to whatever the same slot of the pool is connected to by then.
 * There they would be committed one by one, or end the transaction of somebody else. Here they are refused, and the work's end
 * is not waited for.
 */
export function guardTransactions(client: postgres.Sql): postgres.Sql {
  const begin = client.begin.bind(client) as (options: string, work: Work) => Promise<unknown>;
  const guarded = (...given: [Work] | [string, Work]) => {
    const [options, work] = given.length === 1 ? ["", given[0]] : given;
    const life = new Life();
    const ended = begin(options, (sql) => life.lead(sql, work));
    return Promise.race([ended, life.severed]).finally(() => {
      life.end(new TransactionEnded("the transaction is over"));
    });
  };
  return Object.assign(client, { begin: guarded });
}

/** One transaction, from its first statement until it ends or is cut off. */
class Life {
  readonly #severed = Promise.withResolvers<never>();
  #over: Error | undefined;

  constructor() {
    this.severed.catch(() => undefined);
  }

  get severed(): Promise<never> {
    return this.#severed.promise;
  }

  end(why: Error): void {
    this.#over ??= why;
  }

  /** Does the work, of a transaction or a savepoint in it; when it is over meanwhile, the driver never hears of its end. */
  async lead(sql: Sql, work: Work): Promise<unknown> {
    try {
      return await work(this.#guard(sql));
    } finally {
      if (this.#over) await new Promise(() => undefined);
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

  /** What all statements come through that are not written as templates. */
  #unsafe(sql: Sql): Sql["unsafe"] {
    return ((...given: Parameters<Sql["unsafe"]>) => {
      this.#refuse();
      const query = sql.unsafe(...given);
      // Before the work hears of it: it must not get to its next statement.
      query.catch((error: unknown) => {
        if (isSevered(error)) this.#sever(error);
      });
      return query;
    }) as Sql["unsafe"];
  }

  #savepoint(sql: Sql): Sql["savepoint"] {
    return ((...given: [Work] | [string, Work]) => {
      this.#refuse();
      const [name, work] = given.length === 1 ? [undefined, given[0]] : given;
      const led = (inner: Sql) => this.lead(inner, work);
      return name === undefined ? sql.savepoint(led) : sql.savepoint(name, led);
    }) as Sql["savepoint"];
  }

  #refuse(): void {
    if (this.#over) throw this.#over;
  }

  #sever(error: Error): void {
    this.#over ??= new TransactionEnded(`the transaction lost its connection: ${error.message}`, { cause: error });
    this.#severed.reject(error);
  }
}

/** Whether an error says that the connection is gone: the driver's own, the system's, or the server's last word. */
function isSevered(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const { code, severity } = error as { code?: unknown; severity?: unknown };
  return (
    code === "CONNECTION_CLOSED" ||
    code === "CONNECTION_DESTROYED" ||
    "syscall" in error ||
    /FATAL|PANIC/.test(String(severity))
  );
}
