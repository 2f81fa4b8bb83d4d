import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";

/** The requested port is in use. The message names the port, what needs it and the setting that changes it. */
export class PortInUseError extends Error {
  readonly port: number;

  constructor({ port, what, setting }: { port: number; what: string; setting: string }) {
    super(`Port ${port} is in use; ${what} needs it. Set ${setting} to another port, or stop the other program.`);
    this.name = "PortInUseError";
    this.port = port;
  }
}

/**
 * Chooses the port of a local server. A port of the caller is the only candidate. For 0 or undefined, the port that the
 * file `rememberIn` holds from the last start, so that addresses survive restarts, or else a free port, which is
 * stored.
 *
 * @throws PortInUseError when the caller's port is in use
 */
export async function choosePort(request: {
  port: number | undefined;
  rememberIn: string;
  what: string;
  setting: string;
}): Promise<number> {
  if (request.port) {
    if (await isFree(request.port)) return request.port;
    throw new PortInUseError({ port: request.port, what: request.what, setting: request.setting });
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
  if (port === undefined) throw new Error("Expected a free port of 127.0.0.1 from the system, got none.");
  return port;
}

/** Whether a server could listen on this port of 127.0.0.1 now. */
export async function isFree(port: number): Promise<boolean> {
  return (await listenBriefly(port)) !== undefined;
}

function listenBriefly(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => {
      // EACCES: a privileged port, or one that Windows has reserved.
      if (error.code === "EADDRINUSE" || error.code === "EACCES") resolve(undefined);
      else reject(error);
    });
    server.listen({ port, host: "127.0.0.1" }, () => {
      const address = server.address();
      server.close(() => {
        resolve(typeof address === "object" && address ? address.port : undefined);
      });
    });
  });
}
