import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** In `postgres` 3.4: the write that was put off to the next turn of the event loop, when the connection may be gone. */
const UNGUARDED = "const x = socket.write(chunk, fn)";
const GUARDED = `if (socket === null) {
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      return false
    }
    ${UNGUARDED}`;

/**
 * Keeps a database that goes away from taking the whole process with it: the driver writes to a socket that is null, in a
 * callback that nobody can catch (porsager/postgres issues 1066, 1154 and 1208). With the guard the query fails, as any other
 * does on a lost connection. See docs/decisions/0014-driver-guard.md.
 */
export const driverGuard: Plugin = {
  name: "driver-guard",
  setup(build) {
    build.onLoad({ filter: /node_modules[\\/]postgres[\\/]src[\\/]connection\.js$/ }, async ({ path }) => ({
      contents: guarded(await readFile(path, "utf8")),
      loader: "js",
    }));
  },
};

/** @throws Error when the driver has changed: then look whether it still needs the guard */
export function guarded(source: string): string {
  if (source.split(UNGUARDED).length !== 2) {
    throw new Error("postgres/src/connection.js is not as driver-guard.ts knows it: is its nextWrite guarded by now?");
  }
  return source.replace(UNGUARDED, GUARDED);
}
