import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A database or a transaction. */
type Transactional = Pick<PostgresJsDatabase, "transaction">;

/** Something to do once it is certain. It must not throw: what it tells of is committed. */
type Hook = () => void;

/** What the open transactions hold back. One that was rolled back stays, so that a late word of it goes nowhere. */
const held = new WeakMap<object, Hook[]>();

/**
 * Calls `hook` when the transaction has committed, and never when it is rolled back. Outside of a transaction the statement that
 * went before has committed by itself, so it is called at once. What has to survive a crash is no matter for this.
 */
export function afterCommit(db: object, hook: Hook): void {
  const hooks = held.get(db);
  if (hooks) hooks.push(hook);
  else hook();
}

/** Makes the transactions of a database, and those within them, keep what `afterCommit` is given. */
export function withCommitHooks<Db extends Transactional>(db: Db): Db {
  keepHooks(db, (hooks) => {
    for (const hook of hooks) hook();
  });
  return db;
}

function keepHooks(db: Transactional, committed: (hooks: readonly Hook[]) => void): void {
  const begin = db.transaction.bind(db);
  db.transaction = async (work, config) => {
    const hooks: Hook[] = [];
    let open: object | undefined;
    const result = await begin((tx) => {
      held.set((open = tx), hooks);
      // What a savepoint holds back is its transaction's from then on.
      keepHooks(tx, (inner) => hooks.push(...inner));
      return work(tx);
    }, config);
    if (open) held.delete(open);
    committed(hooks);
    return result;
  };
}
