// Loads an app as the Functions worker does, and prints the time, the processor time and the memory since process
// start.
const app = process.argv[2];
if (app) await import(app);
const ms = performance.now();
const { user, system } = process.cpuUsage();
const { rss } = process.memoryUsage();
console.log(
  JSON.stringify({
    ms,
    cpuMs: (user + system) / 1_000,
    rssMiB: rss / 1_048_576,
    registered: globalThis.rotaBenchRegistered,
  }),
);
process.exit(0);
