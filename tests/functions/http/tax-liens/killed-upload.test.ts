import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { createServer, request as send } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { setTimeout } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { ingestCountyLiens } from "#functions/tax-liens/ingest-county-liens/index.ts";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { aCounty } from "../../tax-liens/fake-county-lists.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

const ROWS = 9_000;
/** Longer than two blocks of the storage. */
const LIST = Buffer.from(
  `Parcel,Certificate,Amount,Notes\n${Array.from({ length: ROWS }, (_, i) => `P-${i},C-${i},100,${"-".repeat(1_000)}\n`).join("")}`,
);
const BLOB = `sample-az/uploads/${createHash("sha256").update(LIST).digest("hex")}.csv`;

let database: TestDatabase;
let storage: TestStorage;
let api: AdminApi;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
  const env = { AzureWebJobsStorage: storage.connectionString };
  api = startAdminApi(database.url, [ingestCountyLiens], { env });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), storage.stop()]);
});
beforeEach(async () => {
  await aCounty(api.db, "sample-az", { upload: true });
});
afterEach(async () => {
  await emptyTables(api.db, ["tax_liens.counties", "platform.job_runs", "platform.audit_log"]);
  await storage.clear("county-lists");
});

it("killed after the blocks and before their commit, an upload leaves no blob, and the same upload again works", async () => {
  const door = await storageWithoutCommits();
  try {
    const child = await startUpload(door.connectionString);
    await door.committing;
    await kill(child);
    expect(await state()).toEqual({ blobs: [], uploads: 0, runs: 0 });
  } finally {
    door.close();
  }
  await expectUploadAgain();
});

it("killed between the blob and its record, an upload is not a list of the county, and the same upload again works", async () => {
  const child = await api.db.transaction(async (tx) => {
    await tx.execute(sql`select from tax_liens.counties where id = 'sample-az' for update`);
    const started = await startUpload(storage.connectionString);
    while ((await state()).blobs.length === 0) await setTimeout(20);
    await kill(started);
    return started;
  });
  expect(child.signalCode).toBe("SIGKILL");
  expect(await state()).toEqual({ blobs: [BLOB], uploads: 0, runs: 0 });
  await expectUploadAgain();
});

async function expectUploadAgain(): Promise<void> {
  const headers = { "content-type": "text/csv" };
  const { status, body } = await api.call<{ isNew: boolean; run: { id: string } }>(
    "POST",
    "api/counties/sample-az/lists",
    LIST,
    headers,
  );
  expect([status, body.isNew]).toEqual([201, true]);
  expect((await storage.blobs("county-lists")).get(BLOB)?.equals(LIST)).toBe(true);
  const ended = await api.runner.execute(body.run.id);
  expect(ended, JSON.stringify(ended?.errors)).toMatchObject({ state: "succeeded", result: { created: ROWS } });
  expect(await state()).toEqual({ blobs: [BLOB], uploads: 1, runs: 1 });
}

async function state() {
  const [counts] = await api.db.execute<{ uploads: number; runs: number }>(sql`
    select (select count(*) from tax_liens.uploaded_lists)::integer as uploads,
           (select count(*) from platform.job_runs)::integer as runs`);
  return { blobs: [...(await storage.blobs("county-lists")).keys()], ...counts! };
}

async function startUpload(connectionString: string): Promise<ChildProcess> {
  const file = join(await temporaryDirectory(), "list.csv");
  await writeFile(file, LIST);
  const script = join(import.meta.dirname, "upload-process.ts");
  return spawn(process.execPath, [script, database.url, connectionString, "sample-az", file], { stdio: "inherit" });
}

/** The client of a connection was killed. */
function ignored(): void {}

async function kill(child: ChildProcess): Promise<void> {
  child.kill("SIGKILL");
  await once(child, "exit");
}

/** The storage behind a server that passes every request, except for the commit of blocks, which it never answers. */
async function storageWithoutCommits() {
  const committing = Promise.withResolvers<undefined>();
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    if (url?.includes("comp=blocklist")) {
      committing.resolve(undefined);
      return;
    }
    const passed = send({ host: "127.0.0.1", port: storage.port, method, path: url, headers });
    passed.once("response", (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      pipeline(answer, response).catch(ignored);
    });
    pipeline(request, passed).catch(ignored);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    committing: committing.promise,
    connectionString: storage.connectionString.replaceAll(`:${storage.port}/`, `:${port}/`),
    close() {
      server.closeAllConnections();
      server.close();
    },
  };
}
