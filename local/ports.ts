import { readFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { writeFile } from "./processes/write-file.ts";

/** The requested port is in use. The message names the port, what needs it and the setting that changes it. */
export class PortInUseError extends Error {
  readonly port: number;

  constructor({ port, what, setting }: { port: number; what: string; setting: string }) {
    super(`Port ${port} is in use; ${what} needs it. Set ${setting} to another port, or stop the other program.`);
    this.name = "PortInUseError";
    this.port = port;
  }
}

/** The system does not let this user listen on the requested port. The message names the port and the setting. */
export class PortDeniedError extends Error {
  readonly port: number;

  constructor({ port, what, setting }: { port: number; what: string; setting: string }) {
    super(
      `The system does not allow ${what} to listen on port ${port} (EACCES). ` +
        `Set ${setting} to another port, such as one above 1023.`,
    );
    this.name = "PortDeniedError";
    this.port = port;
  }
}

/**
 * Chooses the port of a local server. A port of the caller is the only candidate. For 0 or undefined, the port that the
 * file `rememberIn` holds from the last start, so that addresses survive restarts, or else a free port, which is
 * stored.
 *
 * @throws PortInUseError when the caller's port is in use
 * @throws PortDeniedError when this user may not listen on the caller's port
 */
export async function choosePort(request: {
  port: number | undefined;
  rememberIn: string;
  what: string;
  setting: string;
}): Promise<number> {
  if (request.port) {
    const listened = await listenBriefly(request.port);
    if (typeof listened === "number") return listened;
    const { port, what, setting } = request;
    throw portError(listened, { port, what, setting });
  }
  const remembered = Number(await readFile(request.rememberIn, "utf8").catch(() => ""));
  if (Number.isInteger(remembered) && remembered > 0 && remembered < 65_536 && (await isFree(remembered))) {
    return remembered;
  }
  const port = await freePort();
  await writeFile(request.rememberIn, `${port}\n`);
  return port;
}

/** A free port of 127.0.0.1. Another program may take it before the caller uses it. */
export async function freePort(): Promise<number> {
  const port = await listenBriefly(0);
  if (typeof port !== "number") throw new Error("Expected a free port of 127.0.0.1 from the system, got none.");
  return port;
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return typeof (await listenBriefly(port)) === "number";
}

export type PortTrouble = "EADDRINUSE" | "EACCES";

/** EACCES: a privileged port, or one that Windows has reserved. */
export function isPortTrouble(code: string | undefined): code is PortTrouble {
  return code === "EADDRINUSE" || code === "EACCES";
}

export function portError(trouble: PortTrouble, port: { port: number; what: string; setting: string }): Error {
  return trouble === "EACCES" ? new PortDeniedError(port) : new PortInUseError(port);
}

/** The port on which a server could listen, or why none could. */
function listenBriefly(port: number): Promise<number | PortTrouble> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (isPortTrouble(error.code)) resolve(error.code);
      else reject(error);
    });
    server.listen({ port, host: "127.0.0.1" }, () => {
      const { port: listened } = server.address() as AddressInfo;
      server.close(() => {
        resolve(listened);
      });
    });
  });
}
