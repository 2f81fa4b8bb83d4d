import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A database or a transaction. */
type Transactional = Pick<PostgresJsDatabase, "transaction">;

/** The statements that open transactions have sent last. */
const sent = new WeakMap<object, Promise<unknown>[]>();

/**
 * Sends a statement as the transaction's last, in one round trip with the commit. One that fails makes PostgreSQL roll back in
 * place of committing, and the transaction rejects with its error. Where there is no transaction it is waited for.
 * @param statement not started yet, as drizzle hands it out
 */
export async function sendLastStatement(tx: object, statement: PromiseLike<unknown>): Promise<void> {
  const words = sent.get(tx);
  if (!words) return void (await statement);
  // It goes out now, while the commit is some turns of the microtask queue away: the driver keeps their order.
  const word = Promise.resolve(statement.then(() => undefined));
  word.catch(() => undefined);
  words.push(word);
}

/** Makes the transactions of a database wait for what `sendWithCommit` has sent. */
export function withLastStatements<Db extends Transactional>(db: Db): Db {
  const begin = db.transaction.bind(db);
  db.transaction = async (work, config) => {
    const words: Promise<unknown>[] = [];
    const result = await begin((tx) => {
      sent.set(tx, words);
      return work(tx);
    }, config);
    // The driver takes "rolled back" for an answer to "commit", so a commit that came to nothing is known by these alone.
    await Promise.all(words);
    return result;
  };
  return db;
}
