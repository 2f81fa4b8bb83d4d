import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { classify } from "#jobs/error-class.ts";
import { openContainer, type StorageLimits } from "#storage/blob-container.ts";
import { silentStorage } from "./silent-storage.ts";

function open(connectionString: string, limits: Partial<StorageLimits>) {
  const address = { AzureWebJobsStorage: connectionString, AzureWebJobsStorage__accountName: undefined };
  return openContainer({ ...address, AzureWebJobsStorage__clientId: undefined }, "lists", limits);
}

describe("A storage that falls silent", () => {
  it("ends a request after its limit, with a transient error that names the wait", async () => {
    const { connectionString } = await silentStorage();
    const failure: unknown = await open(connectionString, { requestMs: 50 })
      .read("list.csv")
      .catch((error: unknown) => error);
    expect(String(failure)).toContain("the storage did not answer within 0.05 s");
    expect(classify(failure)).toBe("transient");
  });

  it("ends the reading of a blob that stops in the middle, with a transient error that names the blob", async () => {
    const { connectionString } = await silentStorage("parcel,amount\n");
    const stream = await open(connectionString, { stallMs: 50 }).read("list.csv");
    const failure: unknown = await text(stream).catch((error: unknown) => error);
    expect(String(failure)).toContain("lists/list.csv: the storage sent nothing for 0.05 s");
    expect(classify(failure)).toBe("transient");
  });

  it("ends a write when its signal aborts", async () => {
    const { connectionString, connected } = await silentStorage();
    const stop = new AbortController();
    const writing = open(connectionString, {}).write("a.txt", "text/plain", [Readable.from(["a"])], stop.signal);
    await connected;
    stop.abort(new Error("the run was cancelled"));
    await expect(writing).rejects.toThrow("the run was cancelled");
  });
});
