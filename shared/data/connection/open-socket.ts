import { once } from "node:events";
import { connect as connectTcp, isIP, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import type { ConnectionOptions } from "./connection-options.ts";
import { DatabaseUnreachable } from "./database-unreachable.ts";

/** Where PostgreSQL listens: a host with its port, or the path of a Unix socket. */
export interface DatabaseAddress {
  readonly host: string;
  readonly port: number;
  readonly path?: string | undefined;
}

const SSL_REQUEST = Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]);
/** The answer to it where the server offers TLS: "S". */
const OFFERS_TLS = 0x53;
/** Idle time after which the system probes whether the other side is there. */
const KEEP_ALIVE_MS = 10_000;

/**
 * Opens a connection to PostgreSQL, encrypted if `tls` asks for it.
 * @param limitMs for name resolution, TCP and TLS together
 * @throws DatabaseUnreachable, or the error of the system or of TLS
 */
export async function openSocket(
  address: DatabaseAddress,
  { tls, limitMs }: { tls: ConnectionOptions["tls"]; limitMs: number },
): Promise<Socket> {
  const { host, port, path } = address;
  const raw = path
    ? connectTcp(path)
    : connectTcp({ host, port, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS });
  let open: Socket = raw;
  // An error between two waits has no listener; the next wait fails then.
  raw.on("error", () => undefined);
  const limit = setTimeout(() => {
    const at = path ?? `${host}:${port}`;
    const late = new DatabaseUnreachable(`${at} did not answer within ${limitMs / 1_000} s`, "CONNECT_TIMEOUT");
    raw.destroy(late);
    if (open !== raw) open.destroy(late);
  }, limitMs);
  try {
    await once(raw, "connect");
    raw.setNoDelay(true);
    if (tls === "disable") return raw;
    await requestTls(raw);
    // By name, because a certificate of an address has no server name.
    open = connectTls({
      socket: raw,
      ...(isIP(host) ? {} : { servername: host }),
      rejectUnauthorized: tls === "verify",
    });
    open.on("error", () => undefined);
    await once(open, "secureConnect");
    return open;
  } catch (error) {
    raw.destroy();
    throw error;
  } finally {
    clearTimeout(limit);
  }
}

async function requestTls(raw: Socket): Promise<void> {
  raw.write(SSL_REQUEST);
  const closed = once(raw, "end").then(() => {
    throw new DatabaseUnreachable("the server closed the connection at once");
  });
  closed.catch(() => undefined);
  const [answer] = (await Promise.race([once(raw, "data"), closed])) as [Buffer];
  // More than one byte would be unencrypted data that the client takes for encrypted (CVE-2021-23222).
  if (answer.length !== 1 || answer[0] !== OFFERS_TLS) {
    throw new DatabaseUnreachable("the server offers no TLS; DATABASE_TLS=disable connects without encryption");
  }
  raw.removeAllListeners("data");
  raw.removeAllListeners("end");
}
