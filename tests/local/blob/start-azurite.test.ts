import { randomBytes } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { BlobServiceClient, type ContainerClient } from "@azure/storage-blob";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import { type AzuriteOptions, type RunningAzurite, startAzurite } from "#local/blob/start-azurite.ts";
import { isFree } from "#local/ports.ts";
import { startProgram } from "#support/program.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";

describe("a running Azurite, through Azure's client", () => {
  let dataDirectory: string;
  let storage: RunningAzurite;
  let container: ContainerClient;

  beforeAll(async () => {
    dataDirectory = await mkdtemp(join(tmpdir(), "rota-test-"));
    storage = await startAzurite({ dataDirectory });
    container = containerOf(storage, "documents");
    await container.create();
  });
  afterAll(async () => {
    await storage.stop();
    await rm(dataDirectory, { recursive: true });
  });

  test("an uploaded stream downloads unchanged", async () => {
    const content = randomBytes(5_000_000);
    await container.getBlockBlobClient("big.bin").uploadStream(Readable.from([content]));
    const { readableStreamBody } = await container.getBlobClient("big.bin").download();
    expect(content.equals(await buffer(readableStreamBody as Readable))).toBe(true);
  });

  test("blobs are listed by prefix and deleted", async () => {
    for (const name of ["list/a.txt", "list/b.txt", "other.txt"]) await upload(container, name, name);
    await container.deleteBlob("list/a.txt");
    const names: string[] = [];
    for await (const blob of container.listBlobsFlat({ prefix: "list/" })) names.push(blob.name);
    expect(names).toEqual(["list/b.txt"]);
    await expect(container.getBlobClient("list/a.txt").download()).rejects.toMatchObject({ statusCode: 404 });
  });

  test.for(["Cool", "Cold", "Archive"])("a blob moves to the %s tier", async (tier) => {
    await upload(container, `${tier}.txt`, "old");
    const blob = container.getBlobClient(`${tier}.txt`);
    await blob.setAccessTier(tier);
    expect((await blob.getProperties()).accessTier).toBe(tier);
  });

  test("it accepts only the key of its directory", async () => {
    expect((await stat(join(dataDirectory, "account-key"))).mode & 0o777).toBe(0o600);
    const wrongKey = storage.connectionString.replace(
      /AccountKey=[^;]+/,
      `AccountKey=${randomBytes(64).toString("base64")}`,
    );
    const stranger = BlobServiceClient.fromConnectionString(wrongKey, { retryOptions: { maxTries: 1 } });
    await expect(stranger.getContainerClient("documents").getProperties()).rejects.toMatchObject({ statusCode: 403 });
  });

  test("a second start on the directory names the process that uses it", async () => {
    await expect(startAzurite({ dataDirectory, waitMs: 0 })).rejects.toThrow(
      `The blob storage in ${dataDirectory} is already in use by process ${process.pid}.`,
    );
  });

  test("a second start on the port names the setting to change", async () => {
    const elsewhere = await temporaryDirectory();
    await expect(startAzurite({ dataDirectory: elsewhere, port: storage.port })).rejects.toThrow(
      `Port ${storage.port} is in use; blob storage needs it. Set ROTA_BLOB_PORT to another port`,
    );
  });
});

test("an upload just before a stop exists after a restart, at the same address", async () => {
  const dataDirectory = await temporaryDirectory();
  const first = await startHere({ dataDirectory });
  await containerOf(first, "kept").create();
  await upload(containerOf(first, "kept"), "a.txt", "kept");
  await first.stop();
  await first.stop();
  expect(await isFree(first.port)).toBe(true);

  const second = await startHere({ dataDirectory });
  expect(second.connectionString).toBe(first.connectionString);
  const kept = await containerOf(second, "kept").getBlobClient("a.txt").downloadToBuffer();
  expect(kept.toString()).toBe("kept");
});

test("after a kill of its parent it saves, ends, and releases directory and port for the next start", async () => {
  const dataDirectory = await temporaryDirectory();
  for (const round of [1, 2, 3]) {
    const starter = startProgram(new URL("azurite-starter.ts", import.meta.url), [dataDirectory]);
    const running = JSON.parse(await starter.line(1)) as RunningAzurite;
    const container = containerOf(running, "kept");
    await container.createIfNotExists();
    await upload(container, `${round}.txt`, "kept");
    await starter.kill();

    const next = await startHere({ dataDirectory, port: running.port });
    const kept = await containerOf(next, "kept").getBlobClient(`${round}.txt`).downloadToBuffer();
    expect(kept.toString()).toBe("kept");
    await next.stop();
  }
});

test("after a crash of Azurite the log names its log file", async () => {
  const { promise: logged, resolve: log } = Promise.withResolvers<string>();
  const dataDirectory = await temporaryDirectory();
  const storage = await startHere({ dataDirectory, log });
  process.kill(storage.pid, "SIGKILL");
  expect(await logged).toBe(
    `Azurite (process ${storage.pid}) ended unexpectedly. Its log is ${join(dataDirectory, "azurite.log")}. ` +
      "Stop Rota and restart it with npm start.",
  );
});

async function startHere(options: AzuriteOptions): Promise<RunningAzurite> {
  const storage = await startAzurite(options);
  onTestFinished(() => storage.stop());
  return storage;
}

function containerOf({ connectionString }: { connectionString: string }, name: string): ContainerClient {
  return BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name);
}

async function upload(container: ContainerClient, name: string, content: string): Promise<void> {
  await container.getBlockBlobClient(name).upload(content, content.length);
}
