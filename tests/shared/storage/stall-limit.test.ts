import { PassThrough, Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import { expect, it } from "vitest";
import { withStallLimit } from "#storage/stall-limit.ts";

/** A stream that has sent its beginning, and what a reader gets of it. An unhandled error would fail the test run. */
function begun() {
  const source = new PassThrough();
  source.write("beginning");
  return { source, limited: withStallLimit(source, "lists/list.csv", 60_000) };
}

function closed(stream: Readable): Promise<void> {
  return new Promise((resolve) => stream.once("close", resolve));
}

it("closes its source when an HTTP client leaves in the middle", async () => {
  const { source, limited } = begun();
  const reader = (Readable.toWeb(limited) as ReadableStream<Uint8Array>).getReader();
  await reader.read();
  const sourceClosed = closed(source);
  await reader.cancel();
  source.write("the next part");
  await sourceClosed;
  expect(source.destroyed).toBe(true);
});

it("gives the error of its source to a reader that starts later", async () => {
  const { source, limited } = begun();
  source.destroy(new Error("the connection broke"));
  await closed(source);
  await expect(limited.toArray()).rejects.toThrow("the connection broke");
});

it("leaves no unhandled error when it is discarded, and its source fails afterwards", async () => {
  const { source, limited } = begun();
  limited.destroy();
  await closed(limited);
  source.destroy(new Error("the connection broke"));
  await closed(source);
  await turn();
  expect(limited.errored).toBeNull();
});
