import type postgres from "postgres";
import { publishStatement } from "./statement-diagnostics.ts";

/** Characters. Longer statements are generated and differ each time, so their plans would never be used again. */
const MAX_LENGTH = 8_192;
/** A table with a generated name: its statements end with it, and their plans would stay. */
const GENERATED_NAME = /"\w*[0-9a-f]{32}\w*"/;
/** Statements that a connection keeps plans for. */
const MAX_STATEMENTS = 500;

/**
 * Makes the driver send drizzle's statements as named prepared statements, also in transactions. By default the driver
 * sends them unnamed: each costs a second round trip for the parameter types, and PostgreSQL parses and plans it again.
 */
export function withPreparedStatements(client: postgres.Sql): postgres.Sql {
  const known = new Set<string>();
  const isPrepared = (text: string) => {
    if (known.has(text)) return true;
    if (known.size >= MAX_STATEMENTS || text.length > MAX_LENGTH || GENERATED_NAME.test(text)) return false;
    known.add(text);
    return true;
  };
  wrap(client, isPrepared);
  const begin = client.begin.bind(client) as (...all: unknown[]) => Promise<unknown>;
  return Object.assign(client, { begin: (...all: unknown[]) => begin(...withPreparedScope(all, isPrepared)) });
}

type Scope = (tx: postgres.TransactionSql) => unknown;

/** Wraps the last argument of `begin` or `savepoint`, the callback. */
function withPreparedScope(all: unknown[], isPrepared: (text: string) => boolean): unknown[] {
  const work = all.at(-1) as Scope;
  const prepared: Scope = (tx) => {
    wrap(tx, isPrepared);
    const savepoint = tx.savepoint.bind(tx) as (...some: unknown[]) => Promise<unknown>;
    return work(
      Object.assign(tx, { savepoint: (...some: unknown[]) => savepoint(...withPreparedScope(some, isPrepared)) }),
    );
  };
  return [...all.slice(0, -1), prepared];
}

function wrap(client: Pick<postgres.Sql, "unsafe">, isPrepared: (text: string) => boolean): void {
  const unsafe = client.unsafe.bind(client);
  client.unsafe = ((text, parameters = [], options = {}) =>
    publishStatement(
      text,
      unsafe(text, parameters, { prepare: parameters.length > 0 && isPrepared(text), ...options }),
    )) as typeof unsafe;
}
