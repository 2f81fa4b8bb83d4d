import { BlobServiceClient } from "@azure/storage-blob";
import { afterAll, beforeAll, expect, it } from "vitest";
import { archiveOldDocuments } from "#functions/tax-liens/archive-old-documents.ts";
import { generateDocument } from "#functions/tax-liens/generate-document.ts";
import type { Job } from "#jobs";
import { startTestStorage, type TestStorage } from "#support/blob-storage.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { dealFacts } from "../../shared/documents/sample-contexts.ts";
import { type AdminApi, startAdminApi } from "../http/admin/admin-api.ts";
import { documentContent } from "./document-content.ts";

let database: TestDatabase;
let storage: TestStorage;
let api: AdminApi;
beforeAll(async () => {
  [database, storage] = await Promise.all([migratedDatabase(), startTestStorage()]);
  api = startAdminApi(database.url, [generateDocument, archiveOldDocuments], {
    clock: new TestClock("2026-03-10T12:00:00Z"),
    env: { AZURE_FUNCTIONS_ENVIRONMENT: "Production", AzureWebJobsStorage: storage.connectionString },
  });
});
afterAll(async () => {
  await api.close();
  await Promise.all([database.drop(), storage.stop()]);
});

it("moves the files of old documents to cold storage, where they can still be read", async () => {
  const old = await generatedDocument();
  expect(await run(archiveOldDocuments)).toMatchObject({ state: "succeeded", result: {} });
  expect(await shown(old)).toMatchObject({ tier: "hot" });
  api.clock.advance(181 * 86_400_000);
  const young = await generatedDocument();
  expect(await run(archiveOldDocuments)).toMatchObject({ state: "succeeded", result: { archived: 1 } });
  expect(await shown(old)).toMatchObject({ tier: "cold", state: "ready" });
  expect(await shown(young)).toMatchObject({ tier: "hot" });
  expect((await documentContent(api, old, "pdf")).bytes!.subarray(0, 5).toString()).toBe("%PDF-");
  expect(await tierOf(old)).toBe("Cold");

  await run(generateDocument, { documentId: old });
  expect(await shown(old)).toMatchObject({ tier: "hot", archivedAt: null });
});

async function generatedDocument(): Promise<string> {
  const request = { template: "deal_memo", facts: dealFacts };
  const { body } = await api.call<{ document: string; run: string }>("POST", "api/documents/generate", request);
  await api.runner.execute(body.run);
  return body.document;
}

async function shown(id: string) {
  return (await api.call("GET", `api/documents/${id}`)).body;
}

async function run(job: Job, input: unknown = {}) {
  const { id } = await api.enqueuer.enqueue(job, { input, trigger: "manual", requestedBy: "a test" });
  return (await api.runner.execute(id))!;
}

async function tierOf(id: string): Promise<string | undefined> {
  const container = BlobServiceClient.fromConnectionString(storage.connectionString).getContainerClient("documents");
  return (await container.getBlobClient(`2026/03/${id}.pdf`).getProperties()).accessTier;
}
