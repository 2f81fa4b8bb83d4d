import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { auditLog } from "#data/platform/control-schema.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { anIncident } from "#support/personal-ops.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Page {
  incidents: { id: number; key: string; status: string }[];
  nextCursor: number | null;
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, []);
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() => emptyTables(api.db, ["personal_ops.incidents", "personal_ops.agent_audit_log", "platform.audit_log"]));

const list = async (query = "") => (await api.call<Page>("GET", `api/personal-ops/incidents${query}`)).body;
const reason = { reason: "I look at it" };

const incident = (key = "sync_n8n") => anIncident(api.db, key, api.clock.now());

it("are listed newest first, page by page, by status and without archived ones", async () => {
  for (const key of ["a", "b", "c", "d"]) await incident(key);
  await api.db.execute(sql`update personal_ops.incidents set archived = true where key = 'b'`);
  const first = await list("?limit=2");
  const second = await list(`?limit=2&cursor=${first.nextCursor}`);
  expect([...first.incidents, ...second.incidents].map(({ key }) => key)).toEqual(["d", "c", "a"]);
  expect(second.nextCursor).toBeNull();
  const id = first.incidents[0]!.id;
  await api.call("POST", `api/personal-ops/incidents/${id}/resolve`, reason);
  expect((await list("?status=resolved")).incidents).toMatchObject([{ key: "d" }]);
  expect((await list("?status=open")).incidents.map(({ key }) => key)).toEqual(["c", "a"]);
});

it("an incident is acknowledged once and resolved once, each audited in the app and in the family", async () => {
  const id = await incident();
  const act = (action: string) => api.call("POST", `api/personal-ops/incidents/${id}/${action}`, reason);
  expect(await act("acknowledge")).toMatchObject({ status: 200, body: { status: "acknowledged" } });
  expect(await act("acknowledge")).toMatchObject({ status: 409, body: { type: "urn:rota:problem:not-open" } });
  expect(await act("resolve")).toMatchObject({ status: 200, body: { status: "resolved", resolution: "I look at it" } });
  expect(await act("resolve")).toMatchObject({ status: 409 });
  expect(await api.db.select().from(auditLog).orderBy(auditLog.id)).toMatchObject([
    { action: "incident acknowledged", subject: `incident:${id}`, reason: "I look at it" },
    { action: "incident resolved", subject: `incident:${id}` },
  ]);
  expect(await api.db.select().from(agentAuditLog).orderBy(agentAuditLog.id)).toMatchObject([
    { action: "incident acknowledged", actionType: "manual", success: true, output: { subject: `incident:${id}` } },
    { action: "incident resolved", actionType: "manual", success: true },
  ]);
});

it("an unknown incident is not found, and an action without a reason is refused", async () => {
  expect(await api.call("POST", "api/personal-ops/incidents/4711/resolve", reason)).toMatchObject({ status: 404 });
  const id = await incident();
  expect(await api.call("POST", `api/personal-ops/incidents/${id}/resolve`, {})).toMatchObject({ status: 400 });
});
