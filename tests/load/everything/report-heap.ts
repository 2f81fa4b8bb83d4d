/** Loaded into each process of the campaign: it answers a message with the heap that a garbage collection leaves. */
process.on("message", () => {
  globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
// The channel must not keep the process running.
process.channel?.unref();
