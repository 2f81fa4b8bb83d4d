import { getEventListeners } from "node:events";
import { pipeline } from "node:stream";
import { text } from "node:stream/consumers";
import { createGunzip } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openContainer } from "#storage/blob-container.ts";
import { type GzipFile, openGzipFile } from "#storage/gzip-file.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { silentStorage } from "./silent-storage.ts";

let storage: TestStorage;
beforeAll(async () => void (storage = await startTestStorage()));
afterAll(() => storage.stop());

const settings = (connectionString: string) => ({
  AzureWebJobsStorage: connectionString,
  AzureWebJobsStorage__accountName: undefined,
  AzureWebJobsStorage__clientId: undefined,
});
let files = 0;
function open(signal = new AbortController().signal, connectionString = storage.connectionString): GzipFile {
  files += 1;
  return openGzipFile(
    openContainer(settings(connectionString), "files"),
    `file-${files}.gz`,
    "application/gzip",
    signal,
  );
}
const exists = async (blob: string) => {
  const names: string[] = [];
  for await (const name of openContainer(settings(storage.connectionString), "files").list(blob)) names.push(name);
  return names.length > 0;
};

it("exists with its whole text after its end", async () => {
  const file = open();
  for (const part of ["one\n", "two\n"]) await file.add(part);
  await file.end();
  const stored = await openContainer(settings(storage.connectionString), "files").read(file.blob);
  expect(await text(pipeline(stored, createGunzip(), () => undefined))).toBe("one\ntwo\n");
});

it("leaves no listener on the signal of its run", async () => {
  const { signal } = new AbortController();
  for (let n = 0; n < 3; n += 1) {
    const file = open(signal);
    await file.add("one\n");
    await file.end();
  }
  expect(getEventListeners(signal, "abort")).toEqual([]);
});

/** An unhandled error of a stream would fail the test run: each case waits until every stream has ended. */
describe("A discarded file", () => {
  it("leaves nothing and no unhandled error when no storage has answered yet", async () => {
    const file = open();
    file.abandon();
    await expect(file.end()).rejects.toThrow(`${file.blob} was discarded`);
    expect(await exists(file.blob)).toBe(false);
  });

  it("leaves nothing and no unhandled error in the middle of its text", async () => {
    const file = open();
    for (let n = 0; n < 200; n += 1) await file.add(`${"text ".repeat(2_000)}\n`);
    file.abandon();
    await expect(file.end()).rejects.toThrow(`${file.blob} was discarded`);
    expect(await exists(file.blob)).toBe(false);
  });

  it("leaves nothing and no unhandled error while an addition waits", async () => {
    const file = open();
    const adding = file.add("x".repeat(8_000_000));
    file.abandon();
    await Promise.allSettled([adding]);
    await expect(file.end()).rejects.toThrow(`${file.blob} was discarded`);
    expect(await exists(file.blob)).toBe(false);
  });

  it("leaves no unhandled error when the storage never answers", async () => {
    const { connectionString, connected } = await silentStorage();
    const stop = new AbortController();
    const file = open(stop.signal, connectionString);
    await file.add("one\n");
    await connected;
    file.abandon();
    stop.abort(new Error("the run ends"));
    await expect(file.end()).rejects.toThrow(/was discarded|the run ends/);
  });
});
