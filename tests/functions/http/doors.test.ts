import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobs } from "#functions/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { unchecked } from "#support/unchecked.ts";
import { type AdminApi, startAdminApi } from "./admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs, { clock: new TestClock("2026-03-10T12:00:00Z") });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const id = "01a202c5-90d9-73d6-8c20-87435e66fa8d";
const decision = { decisionId: "1", dealId: 1, decision: "approved", reason: "good", decidedBy: "user" };
const noEtf = "there is no ETF NONE.DE; add it with POST /api/v1/etf";
const future = "2027-01-01 is in the future (today is 2026-03-10)";

/** An input of a job that matches its schema and cannot succeed, and its fault. */
interface Impossible {
  readonly input: object;
  readonly field: string;
  readonly reason: string;
  /** The family's own door for it, with the status of the refusal: method POST, address, body. */
  readonly own?: readonly [status: number, address: string, body?: object];
}

const IMPOSSIBLE: Readonly<Record<string, Impossible>> = {
  sync_fx_historical: {
    input: { startDate: "2027-01-01" },
    field: "startDate",
    reason: future,
    own: [400, "api/v1/exchange-rates/update/historical?start_date=2027-01-01"],
  },
  fetch_etf: { input: { symbol: "NONE.DE" }, field: "symbol", reason: noEtf },
  sync_etf_prices: {
    input: { symbol: "NONE.DE" },
    field: "symbol",
    reason: noEtf,
    own: [404, "api/v1/etf/NONE.DE/update"],
  },
  refresh_etf: {
    input: { symbol: "NONE.DE" },
    field: "symbol",
    reason: noEtf,
    own: [404, "api/v1/etf/NONE.DE/update?update_type=full"],
  },
  initialize_etf_pension: {
    input: { pensionId: id },
    field: "pensionId",
    reason: `there is no pension ${id}`,
    own: [404, `api/v1/etf-pensions/${id}/revaluation`, { from: "2026-03-01", reason: "a test" }],
  },
  ingest_county_liens: {
    input: { countyId: "none-az" },
    field: "countyId",
    reason: "there is no county none-az: configure it with PUT api/counties/none-az",
  },
  undo_lien_ingestion: {
    input: { countyId: "none-az", ingestionId: 4_711, reason: "a test" },
    field: "ingestionId",
    reason: "none-az has no ingestion 4711",
    own: [404, "api/counties/none-az/ingestions/4711/undo", { reason: "a test" }],
  },
  compute_deal_metrics: { input: { lienId: 4_711 }, field: "lienId", reason: "there is no lien 4711" },
  run_analysis: { input: { analysisRunId: id }, field: "analysisRunId", reason: `there is no analysis ${id}` },
  apply_analysis_decisions: {
    input: { analysisRunId: id, decisions: [decision] },
    field: "analysisRunId",
    reason: `there is no analysis ${id}`,
    own: [404, `api/analysis/runs/${id}/decisions`, { decisions: [decision] }],
  },
  generate_document: { input: { documentId: id }, field: "documentId", reason: `there is no document ${id}` },
  extract_knowledge: { input: { extractionId: id }, field: "extractionId", reason: `there is no extraction ${id}` },
  send_notification: { input: { notification: id }, field: "notification", reason: `there is no notification ${id}` },
};

/** Jobs for which each input can succeed that matches the schema. */
const ANY_INPUT = new Set(["cleanup_etf_updates", "cleanup_fx_updates", "cleanup_old_data", "delete_county"]);

it("each job with an input has a case here or takes any input, and each check has a case", () => {
  const withInput = jobs.filter(({ input }) => {
    const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
    return Object.keys(properties).length > 0;
  });
  const unknown = withInput.filter((job) => !(job.id in IMPOSSIBLE) && !ANY_INPUT.has(job.id));
  expect(unknown.map((job) => job.id)).toEqual([]);
  expect(jobs.filter(({ checkInput }) => checkInput).map((job) => job.id)).toEqual(
    jobs.filter((job) => job.id in IMPOSSIBLE).map((job) => job.id),
  );
});

describe.each(Object.entries(IMPOSSIBLE))("an impossible input of %s", (jobId, { input, field, reason, own }) => {
  const job = jobs.find((one) => one.id === jobId)!;
  const post = (address: string, body: object) => api.call("POST", address, body);
  const dead = async () => {
    const request = { input, trigger: "event", requestedBy: "a test" } as const;
    const { id: run } = await api.enqueuer.enqueue(unchecked(job), request);
    return (await api.runner.execute(run))!;
  };

  it("is refused by the run itself, without a retry", async () => {
    const run = await dead();
    expect(run).toMatchObject({ state: "dead", attempt: 1, errors: [{ class: "validation", name: "InvalidInput" }] });
    expect(run.errors[0]!.message).toBe(`${field}: ${reason}`);
  });

  it("is refused by a start, a retry, a bulk retry and a replay, which change nothing", async () => {
    const run = await dead();
    const before = await api.call<{ runs: object[] }>("GET", `api/admin/runs?job=${jobId}`);
    expect(await post(`api/admin/jobs/${jobId}/run`, input)).toMatchObject({
      status: 400,
      body: { errors: [{ field, reason }] },
    });
    expect(await post(`api/admin/runs/${run.id}/retry`, {})).toMatchObject({
      status: 400,
      body: { errors: [{ field: `input.${field}`, reason }] },
    });
    expect(await post("api/admin/dead-letters/replay", { runs: [run.id] })).toMatchObject({
      status: 409,
      body: { detail: `its input is not valid: ${field}: ${reason}` },
    });
    expect(await post("api/admin/dead-letters/replay", { runs: [run.id], input })).toMatchObject({
      status: 400,
      body: { errors: [{ field: `input.${field}`, reason }] },
    });
    const bulk = { runs: [run.id], reason: "a test" };
    expect((await post("api/admin/runs/retry", bulk)).body.refused).toEqual([
      { run: run.id, code: "invalid-input", reason: `its input is not valid: ${field}: ${reason}` },
    ]);
    expect((await api.call("GET", `api/admin/runs?job=${jobId}`)).body).toEqual(before.body);
  });

  it.runIf(own)("is refused by the family's own route with the same sentence", async () => {
    const [status, address, body] = own!;
    const answer = await api.call<{ detail: string }>("POST", address, body);
    expect(answer.status).toBe(status);
    expect(answer.body.detail).toContain(reason);
  });
});
