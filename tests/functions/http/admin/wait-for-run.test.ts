import { afterAll, expect, it, vi } from "vitest";
import { z } from "zod";
import { listRuns } from "#data/platform/job-runs.ts";
import { defineJob, manual } from "#jobs";
import { migratedDatabase } from "#support/database.ts";
import { startAdminApi } from "./admin-api.ts";

const job = defineJob({
  id: "asked_sample",
  family: { id: "samples", title: "Samples" },
  summary: "A sample",
  on: manual,
  input: z.strictObject({}),
  run: async () => undefined,
});

const database = await migratedDatabase();
afterAll(() => database.drop());

it("requests that wait for a run answer with its state when the process begins to stop", async () => {
  const api = startAdminApi(database.url, [job]);
  const started = api.call<{ id: string }>("POST", "api/admin/jobs/asked_sample/run?wait=60");
  const run = await vi.waitUntil(async () => (await listRuns(api.db, { limit: 1 }))[0]);
  const watched = api.call("GET", `api/admin/runs/${run.id}?wait=60`);
  api.app.beginStop();
  expect(await started).toMatchObject({
    status: 202,
    headers: { location: `/api/admin/runs/${run.id}` },
    body: { state: "queued" },
  });
  expect(await watched).toMatchObject({ status: 200, body: { state: "queued" } });
  await api.close();
});
