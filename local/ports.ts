import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";

/** The port that was asked for is taken. The message names the port, who needs it and the setting that changes it. */
export class PortInUseError extends Error {
  readonly port: number;

  constructor({ port, what, setting }: { port: number; what: string; setting: string }) {
    super(`Port ${port} is in use; ${what} needs it. Set ${setting} to another port, or stop the other program.`);
    this.name = "PortInUseError";
    this.port = port;
  }
}

/**
 * Decides the port of a local server. A port that the caller names is the only candidate; 0 or undefined takes the one
 * that `rememberIn` holds from last time, so that addresses survive restarts, or else a free one, and remembers it.
 *
 * @throws PortInUseError when the caller named a port and something listens on it
 */
export async function choosePort(wish: {
  port: number | undefined;
  rememberIn: string;
  what: string;
  setting: string;
}): Promise<number> {
  if (wish.port) {
    if (await isFree(wish.port)) return wish.port;
    throw new PortInUseError({ port: wish.port, what: wish.what, setting: wish.setting });
  }
  const remembered = Number(await readFile(wish.rememberIn, "utf8").catch(() => ""));
  if (Number.isInteger(remembered) && remembered > 0 && remembered < 65_536 && (await isFree(remembered))) {
    return remembered;
  }
  const port = await freePort();
  await writeFile(wish.rememberIn, `${port}\n`);
  return port;
}

/** A port of 127.0.0.1 on which nothing listens now. Another program may take it before you do. */
export async function freePort(): Promise<number> {
  const port = await listenBriefly(0);
  if (port === undefined) throw new Error("Expected the system to hand out a free port on 127.0.0.1, got none.");
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
      // EACCES: a privileged port, or one that Windows has reserved; no more ours than one in use.
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
