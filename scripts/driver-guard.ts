import { readFile } from "node:fs/promises";
import type { Plugin } from "esbuild";

/** The fixes for `postgres` 3.4: the original source text and its replacement. */
const GUARDS = [
  // The driver delays a write to the next turn of the event loop, when the connection may be gone. An error in that
  // callback cannot be caught and would end the process. With the guard the query fails like any on a lost connection.
  {
    unguarded: "const x = socket.write(chunk, fn)",
    guarded: `if (socket === null) {
      chunk = nextWriteTimer = null
      error(Errors.connection('CONNECTION_CLOSED', options))
      return false
    }
    const x = socket.write(chunk, fn)`,
  },
  // A statement that is sent between the error of a socket and its close: the driver forgets it, and it waits for ever.
  {
    unguarded: "!hadError && (query || sent.length) && error(",
    guarded: ";(query || sent.length) && error(",
  },
  // A connection that is lost in the middle of an answer: the next statement on its successor would get what had come
  // of that answer among its own rows, or its error, and `end` would wait for the rest of it for ever. A message that
  // was not written yet would keep the successor from writing.
  {
    unguarded: "closedTime = performance.now()",
    guarded: `chunk = nextWriteTimer = null
    query = results = errorResponse = null
    result = new Result()
    rows = 0
    closedTime = performance.now()`,
  },
];

/**
 * Keeps a database that goes away from harming more than the statements under way: docs/decisions/0014-driver-guard.md.
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

/** @throws Error when the source of the driver has changed: then check whether it still needs the fixes */
export function guarded(source: string): string {
  return GUARDS.reduce((text, { unguarded, guarded }) => {
    if (text.split(unguarded).length !== 2) {
      throw new Error(
        `postgres/src/connection.js has changed: expected ${JSON.stringify(unguarded)} once. Check whether the driver still needs the fix.`,
      );
    }
    return text.replace(unguarded, guarded);
  }, source);
}
