import type { PostgresJsDatabase } from "drizzle-orm/postgres-js";

/** A database or a transaction. */
type Transactional = Pick<PostgresJsDatabase, "transaction">;

/** Runs after the commit. It must not throw: nothing can be rolled back any more. */
type Hook = () => void;

/** The hooks of open transactions. A rolled back transaction keeps its entry, so that a late hook of it never runs. */
const pending = new WeakMap<object, Hook[]>();

/**
 * Calls `hook` after the transaction has committed, and never after a rollback. Outside of a transaction it calls
 * `hook` at once. A crash between commit and hook loses the hook: work that must survive is enqueued in the transaction
 * instead.
 */
export function afterCommit(db: object, hook: Hook): void {
  const hooks = pending.get(db);
  if (hooks) hooks.push(hook);
  else hook();
}

/** Makes the transactions of a database, and their savepoints, keep the hooks of `afterCommit`. */
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
      pending.set((open = tx), hooks);
      // A released savepoint passes its hooks to its transaction.
      keepHooks(tx, (inner) => hooks.push(...inner));
      return work(tx);
    }, config);
    if (open) pending.delete(open);
    committed(hooks);
    return result;
  };
}
