/**
 * The process in which Azurite runs: Azurite's own command line, in a frame that ties it to the one who started it.
 * Its arguments are Azurite's, with the data directory behind `--location`.
 */
import { createRequire, registerHooks } from "node:module";
import { DirectoryInUseError, lockDirectory } from "../processes/lock.ts";

const require = createRequire(import.meta.url);
const location = process.argv[process.argv.indexOf("--location") + 1];
if (!location || !process.send) throw new Error("Expected to be started by startBlobStorage, with --location.");

// The starter holds the other end of this channel: it closes it to stop us, and the system closes it when it dies.
process.once("disconnect", () => {
  setTimeout(() => process.exit(1), 5000).unref();
  // Azurite keeps its index in memory and writes it every five seconds and on this signal.
  if (!process.emit("SIGTERM", "SIGTERM")) process.exit(0);
});

// Two thirds of Azurite's start and a third of its memory are a telemetry library that is switched off anyway.
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
  // A predecessor whose starter was killed may still be writing its index.
  await lockDirectory(location, { what: "The blob storage", patienceMs: 6000, holder: process.ppid });
  require("azurite/dist/src/blob/main.js");
} catch (error) {
  if (!(error instanceof DirectoryInUseError)) throw error;
  process.send({ refused: error.message }, () => process.exit(1));
}
