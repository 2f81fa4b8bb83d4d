import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A database or a transaction. */
type Transactional = Pick<PostgresJsDatabase, "transaction">;

/** The last statements that each open transaction has sent. */
const lastStatements = new WeakMap<object, Promise<unknown>[]>();

/**
 * Sends the last statement of a transaction in one round trip with its commit. If the statement fails, PostgreSQL rolls
 * back instead of committing, and the transaction rejects with the error. Outside of a transaction it awaits the
 * statement.
 * @param statement a drizzle query that has not started
 */
export async function sendLastStatement(tx: object, statement: PromiseLike<unknown>): Promise<void> {
  const statements = lastStatements.get(tx);
  if (!statements) return void (await statement);
  // This sends the statement now. The commit follows some microtasks later, and the driver keeps the order.
  const sent = Promise.resolve(statement.then(() => undefined));
  sent.catch(() => undefined);
  statements.push(sent);
}

/** Makes the transactions of a database wait for what `sendWithCommit` has sent. */
export function withLastStatements<Db extends Transactional>(db: Db): Db {
  const begin = db.transaction.bind(db);
  db.transaction = async (work, config) => {
    const statements: Promise<unknown>[] = [];
    const result = await begin((tx) => {
      lastStatements.set(tx, statements);
      return work(tx);
    }, config);
    // PostgreSQL answers "commit" with "rollback" after a failed statement, which the driver takes as success.
    await Promise.all(statements);
    return result;
  };
  return db;
}
