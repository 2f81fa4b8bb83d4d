import { Socket } from "node:net";
import postgres from "postgres";
import { withinTime } from "#diagnostics/time-limit.ts";
import type { ConnectionOptions } from "./connection-options.ts";
import { ConnectionWatch } from "./connection-watch.ts";
import { DatabaseReach, type OutageLog } from "./database-reach.ts";
import { openSocket } from "./open-socket.ts";

const [CONNECT_MS, SILENCE_MS, STATEMENT_MS] = [5_000, 10_000, 6 * 3_600_000];

/** The part of the driver's options that the type of the driver lacks. */
interface DriverAddress {
  readonly host: readonly string[];
  readonly port: readonly number[];
  readonly path?: string | false | undefined;
}

/**
 * The driver's options for its connections. The sockets are ours, so that every wait ends: the driver has no limit for
 * an answer, connects without a pause to a server that closes at once, and loses a place of its pool when opening a
 * socket fails.
 */
export function socketOptions(
  options: ConnectionOptions,
  { reach = new DatabaseReach(), log }: { reach?: DatabaseReach | undefined; log?: OutageLog | undefined } = {},
): postgres.Options<Record<string, never>> {
  const limitMs = options.connectTimeoutMs ?? CONNECT_MS;
  const watch = new ConnectionWatch({
    reach,
    log,
    silenceMs: options.silenceTimeoutMs ?? SILENCE_MS,
    statementLimitMs: options.statementLimitMs ?? STATEMENT_MS,
    askServer: (backends) => askWhoWorks(options, backends),
  });
  const socket = async ({ host, port, path }: DriverAddress): Promise<Socket> => {
    try {
      await reach.enter();
    } catch (error) {
      return failingSocket(error as Error);
    }
    try {
      const address = { host: host[0]!, port: port[0]!, path: path || undefined };
      const open = await openSocket(address, { tls: options.tls, limitMs });
      watch.add(open);
      // The driver's messages name them.
      return Object.assign(open, { host: host[0], port: port[0] });
    } catch (error) {
      reach.failed(error);
      return failingSocket(error as Error);
    }
  };
  // The waiting time between attempts is the reach's, for all connections of the process.
  const own = { socket, backoff: () => 0, ssl: false, connect_timeout: limitMs / 1_000 };
  return own;
}

/**
 * A socket that fails once the driver listens and has written its first message: without a socket the driver loses the
 * place of the connection, and a message that it has not written yet blocks the place for ever.
 */
function failingSocket(error: Error): Socket {
  const socket = new Socket();
  // Otherwise that write fails first, with an error that does not have the cause.
  socket.write = () => true;
  setImmediate(() => setImmediate(() => setImmediate(() => socket.destroy(error))));
  return socket;
}

/**
 * Asks over a new connection which server processes work on a statement. One that waits for its client does not: what
 * was sent to it is lost. Null: behind PgBouncer the process ids are not the server's, and a server without a free
 * connection answers with an error.
 */
async function askWhoWorks(
  { url, tls, prepare, connectTimeoutMs: limitMs = CONNECT_MS }: ConnectionOptions,
  backends: readonly number[],
): Promise<ReadonlySet<number> | null> {
  const client = postgres(url, {
    ...({
      socket: ({ host, port, path }: DriverAddress) => probeSocket({ host, port, path }, { tls, limitMs }),
    } as object),
    max: 1,
    ssl: false,
    backoff: () => 0,
    connect_timeout: limitMs / 1_000,
    fetch_types: false,
    onnotice: () => undefined,
    connection: { application_name: "rota liveness" },
  });
  try {
    const rows = await withinTime(
      limitMs,
      client<{ pid: number }[]>`
        select pid from pg_stat_activity where state in ('active', 'fastpath function call')
        and wait_event is distinct from 'ClientRead' and pid = any(${`{${backends.join()}}`}::int[])`,
      () => new Error(`no answer within ${limitMs / 1_000} s`),
    );
    return prepare ? new Set(rows.map(({ pid }) => pid)) : null;
  } catch (error) {
    if (error instanceof postgres.PostgresError && !error.code.startsWith("57P")) return null;
    throw error;
  } finally {
    void client.end({ timeout: 0 });
  }
}

async function probeSocket(
  { host, port, path }: DriverAddress,
  options: { tls: ConnectionOptions["tls"]; limitMs: number },
): Promise<Socket> {
  try {
    const open = await openSocket({ host: host[0]!, port: port[0]!, path: path || undefined }, options);
    // The driver would connect again at once.
    open.on("end", () => open.destroy(new Error("the server closed the connection")));
    return open;
  } catch (error) {
    return failingSocket(error as Error);
  }
}
