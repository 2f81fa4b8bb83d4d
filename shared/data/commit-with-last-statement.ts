import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A database or a transaction. */
type Transactional = Pick<PostgresJsDatabase, "transaction">;

/** What an open transaction has sent with its commit. */
interface LastStatements {
  readonly sent: Promise<unknown>[];
  /** The error of the first one that failed. */
  error?: unknown;
}

const lastStatements = new WeakMap<object, LastStatements>();

/**
 * Sends the last statement of a transaction in one round trip with its commit. If the statement fails, PostgreSQL rolls
 * back instead of committing, and the transaction rejects with the error. Outside of a transaction it awaits the
 * statement.
 * @param statement a drizzle query that has not started
 */
export async function sendLastStatement(tx: object, statement: PromiseLike<unknown>): Promise<void> {
  const last = lastStatements.get(tx);
  if (!last) return void (await statement);
  // This sends the statement now. The commit follows some microtasks later, and the driver keeps the order.
  const sent = Promise.resolve(statement.then(() => undefined));
  sent.catch((error: unknown) => (last.error ??= error));
  last.sent.push(sent);
}

/** Makes the transactions of a database wait for what `sendLastStatement` has sent. */
export function withLastStatements<Db extends Transactional>(db: Db): Db {
  const begin = db.transaction.bind(db);
  db.transaction = async (work, config) => {
    const last: LastStatements = { sent: [] };
    try {
      const result = await begin((tx) => {
        lastStatements.set(tx, last);
        return work(tx);
      }, config);
      // PostgreSQL answers "commit" with "rollback" after a failed statement, which the driver takes as success.
      await Promise.all(last.sent);
      return result;
    } catch (error) {
      throw last.error ?? error;
    }
  };
  return db;
}
