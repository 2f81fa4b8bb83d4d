import { channel } from "node:diagnostics_channel";
import { startTiming, type Timing } from "#diagnostics/start-timing.ts";

/** A statement that the database answered or refused. */
export interface Statement extends Timing {
  /** With its parameters as $1, $2, …: no values. */
  readonly text: string;
}

/** Diagnostics channel: publishes one `Statement` for each statement that drizzle sends. */
export const statementChannel = channel("rota.statement");

/** Returns the same query and publishes it on `statementChannel` when the database has answered. */
export function publishStatement<Query extends Promise<unknown>>(text: string, query: Query): Query {
  if (!statementChannel.hasSubscribers) return query;
  const publish = startTiming<Statement>(statementChannel, { text });
  // Not query.then: the driver's own `then` sends the query at once, before drizzle has set the format of the rows.
  void Promise.prototype.then.call(
    query,
    () => {
      publish();
    },
    (error: unknown) => {
      publish({ error });
    },
  );
  return query;
}
