/**
 * The Azurite process: Azurite's own command line, with a link to the process that started it. The arguments are
 * Azurite's, with the data directory after `--location`.
 */
import { createRequire, registerHooks } from "node:module";
import { DirectoryInUseError, lockDirectory } from "../processes/lock-directory.ts";

const require = createRequire(import.meta.url);
const location = process.argv[process.argv.indexOf("--location") + 1];
if (!location || !process.send) throw new Error("Expected to be started by startAzurite, with --location.");

// The parent holds the other end of this channel: it closes the channel to stop Azurite, and its death closes it too.
process.once("disconnect", () => {
  setTimeout(() => process.exit(1), 5000).unref();
  // Azurite keeps its index in memory, and writes it every five seconds and on this signal.
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(0);
});

// The telemetry library, which is disabled, takes two thirds of Azurite's start time and a third of its memory.
const NOTHING = "rota:nothing";
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === "applicationinsights"
      ? { url: NOTHING, format: "commonjs", shortCircuit: true }
      : next(specifier, context),
  load: (url, context, next) =>
    url === NOTHING ? { source: "", format: "commonjs", shortCircuit: true } : next(url, context),
});

try {
  // A previous Azurite whose parent was killed may still be writing its index.
  await lockDirectory(location, { what: "The blob storage", waitMs: 6000, holder: process.ppid });
  require("azurite/dist/src/blob/main.js");
} catch (error) {
  if (!(error instanceof DirectoryInUseError)) throw error;
  process.send({ refused: error.message }, () => process.exit(1));
}
