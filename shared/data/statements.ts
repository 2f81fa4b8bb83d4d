import { channel } from "node:diagnostics_channel";

/** A statement that the database has answered, or could not. */
export interface Statement {
  /** With its parameters as $1, $2, …: no values. */
  readonly text: string;
  readonly ms: number;
  readonly error?: unknown;
}

/** Told of each `Statement` that drizzle sends. */
export const statements = channel("rota.statement");

/** The same query; whoever listens hears when it has been answered. */
export function told<Query extends Promise<unknown>>(text: string, query: Query): Query {
  if (!statements.hasSubscribers) return query;
  const startedAt = performance.now();
  const tell = (outcome: Pick<Statement, "error">) => {
    statements.publish({ text, ms: performance.now() - startedAt, ...outcome } satisfies Statement);
  };
  // Not query.then: the driver's own sends the query at once, before its caller has said how the rows are to come.
  void Promise.prototype.then.call(
    query,
    () => {
      tell({});
    },
    (error: unknown) => {
      tell({ error });
    },
  );
  return query;
}
