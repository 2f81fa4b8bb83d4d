import type postgres from "postgres";
import { publishStatement } from "./statement-diagnostics.ts";

/** Longer statements are the generated ones, of which no two are alike: a plan kept for each would never be used again. */
const LONGEST = 8_192;
/** Most statements that each connection keeps plans for. */
const MOST = 500;

/**
 * Has the driver prepare what drizzle sends, on this client and in its transactions. By itself the driver sends a text that
 * comes from outside unnamed: a second round trip asks for the types of its parameters, and it is parsed and planned each time.
 */
export function withPreparedStatements(client: postgres.Sql): postgres.Sql {
  const known = new Set<string>();
  const isKept = (text: string) => {
    if (known.has(text)) return true;
    if (known.size >= MOST || text.length > LONGEST) return false;
    known.add(text);
    return true;
  };
  wrap(client, isKept);
  const begin = client.begin.bind(client) as (...all: unknown[]) => Promise<unknown>;
  return Object.assign(client, { begin: (...all: unknown[]) => begin(...withPreparing(all, isKept)) });
}

type Scope = (tx: postgres.TransactionSql) => unknown;

/** The same arguments; the last of them is what is done in the transaction or after the savepoint. */
function withPreparing(all: unknown[], isKept: (text: string) => boolean): unknown[] {
  const work = all.at(-1) as Scope;
  const inside: Scope = (tx) => {
    wrap(tx, isKept);
    const savepoint = tx.savepoint.bind(tx) as (...some: unknown[]) => Promise<unknown>;
    return work(Object.assign(tx, { savepoint: (...some: unknown[]) => savepoint(...withPreparing(some, isKept)) }));
  };
  return [...all.slice(0, -1), inside];
}

function wrap(client: Pick<postgres.Sql, "unsafe">, isKept: (text: string) => boolean): void {
  const unsafe = client.unsafe.bind(client);
  client.unsafe = ((text, parameters = [], options = {}) =>
    publishStatement(
      text,
      unsafe(text, parameters, { prepare: parameters.length > 0 && isKept(text), ...options }),
    )) as typeof unsafe;
}
