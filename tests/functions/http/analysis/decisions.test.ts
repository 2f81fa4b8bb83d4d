import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { applyAnalysisDecisions } from "#functions/tax-liens/apply-analysis-decisions.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { addDeals } from "#support/deals.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, [applyAnalysisDecisions], { env: { AZURE_FUNCTIONS_ENVIRONMENT: "Production" } });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(async () => {
  api.dispatched.length = 0;
  await emptyTables(api.db, [
    "platform.job_runs",
    "platform.idempotency_keys",
    "tax_liens.decision_events",
    "tax_liens.deals",
    "tax_liens.analysis_runs",
    "tax_liens.counties",
  ]);
});

interface Asked {
  run: string;
  errors: { field: string; reason: string }[];
}
interface Page {
  decisions: { decisionId: string; dealId: number; refusal: string | null; from: string | null }[];
  nextCursor: number | null;
}
const decision = (decisionId: string, dealId: number, to = "approved") => ({
  decisionId,
  dealId,
  decision: to,
  reason: "looks good",
  decidedBy: "user",
});
const path = (analysisRunId: string) => `api/analysis/runs/${analysisRunId}/decisions`;

it("decisions are requested, applied by their run, and shown with their outcomes", async () => {
  const { analysisRunId, dealIds } = await addDeals(api.db, ["candidate", "candidate"]);
  const [first, second] = dealIds as [number, number];
  const decisions = [decision("a", first), decision("b", second, "purchased"), decision("c", first, "withdrawn")];
  const { status, body, headers } = await api.call<Asked>("POST", path(analysisRunId), { decisions });
  expect([status, body]).toEqual([202, { analysis: analysisRunId, run: body.run, decisions: 3 }]);
  expect(api.dispatched).toMatchObject([{ id: body.run }]);
  await api.runner.execute(body.run);

  const seen = async (query = "") => (await api.call<Page>("GET", `${path(analysisRunId)}${query}`)).body;
  expect((await api.call<Page>("GET", headers.location!)).body.decisions).toMatchObject([
    { decisionId: "c", dealId: first, from: "approved", decision: "withdrawn", refusal: null, run: body.run },
    {
      decisionId: "b",
      dealId: second,
      from: "candidate",
      refusal: expect.stringContaining("not purchased") as unknown,
    },
    { decisionId: "a", dealId: first, from: "candidate", requestedBy: "function key", decidedBy: "user" },
  ]);
  const ids = ({ decisions: found }: Page) => found.map(({ decisionId }) => decisionId);
  expect(ids(await seen(`?deal=${first}`))).toEqual(["c", "a"]);
  expect(ids(await seen("?refused=true"))).toEqual(["b"]);
  expect(ids(await seen("?refused=false"))).toEqual(["c", "a"]);
  expect(await seen(`?run=${analysisRunId}`)).toEqual({ decisions: [], nextCursor: null });
  const page = await seen("?limit=2");
  expect([ids(page), ids(await seen(`?limit=2&cursor=${page.nextCursor}`))]).toEqual([["c", "b"], ["a"]]);
});

it("the same key and body return the same run, another body is refused", async () => {
  const { analysisRunId, dealIds } = await addDeals(api.db, ["candidate"]);
  const post = (id: string) =>
    api.call<Asked>(
      "POST",
      path(analysisRunId),
      { decisions: [decision(id, dealIds[0]!)] },
      { "idempotency-key": "k" },
    );
  const [first, second, third] = [await post("a"), await post("a"), await post("b")];
  expect([first.status, second.status, third.status]).toEqual([202, 200, 422]);
  expect(second.body).toEqual(first.body);
});

it.each([
  [{ decision: "bought" }, "decisions.1.decision"],
  [{ decision: "candidate" }, "decisions.1.decision"],
  [{ dealId: 0 }, "decisions.1.dealId"],
  [{ decidedBy: "nobody" }, "decisions.1.decidedBy"],
  [{ reason: " " }, "decisions.1.reason"],
  [{ decisionId: "" }, "decisions.1.decisionId"],
  [{ comment: "x" }, "decisions.1.comment"],
])("an invalid decision, %j, is named, and none is applied", async (given, field) => {
  const { analysisRunId, dealIds } = await addDeals(api.db, ["candidate"]);
  const decisions = [decision("a", dealIds[0]!), { ...decision("b", dealIds[0]!), ...given }];
  const { status, body } = await api.call<Asked>("POST", path(analysisRunId), { decisions });
  expect([status, body.errors.map((error) => error.field)]).toEqual([400, [field]]);
  expect(api.dispatched).toEqual([]);
});

it("an unknown analysis and an empty list of decisions are refused", async () => {
  const nowhere = path("01a20252-6417-76d3-9a6d-062b59e45fe5");
  expect((await api.call("POST", nowhere, { decisions: [decision("a", 1)] })).status).toBe(404);
  expect((await api.call("GET", nowhere)).status).toBe(404);
  const { analysisRunId } = await addDeals(api.db, []);
  expect((await api.call("GET", path(analysisRunId))).status).toBe(200);
  const { status, body } = await api.call<Asked>("POST", path(analysisRunId), { decisions: [] });
  expect([status, body.errors.map(({ field }) => field)]).toEqual([400, ["decisions"]]);
});
