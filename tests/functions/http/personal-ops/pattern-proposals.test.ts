import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { agentAuditLog } from "#data/personal-ops/personal-ops-schema.ts";
import { auditLog } from "#data/platform/control-schema.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { aPatternProposal } from "#support/personal-ops.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Page {
  proposals: { id: number; title: string; status: string }[];
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
afterEach(() => emptyTables(api.db, ["personal_ops.patterns", "personal_ops.agent_audit_log", "platform.audit_log"]));

const PATH = "api/personal-ops/proposals";
const etagOf = async (id: number) => (await api.call("GET", `${PATH}/${id}`)).headers.etag!;
const decide = (id: number, action: string, etag?: string) =>
  api.call(
    "POST",
    `${PATH}/${id}/${action}`,
    { reason: "it saves time" },
    etag === undefined ? {} : { "if-match": etag },
  );

it("are listed newest first, page by page, with their patterns", async () => {
  for (const title of ["a", "b", "c"]) await aPatternProposal(api.db, title);
  const first = (await api.call<Page>("GET", `${PATH}?limit=2`)).body;
  const second = (await api.call<Page>("GET", `${PATH}?limit=2&cursor=${first.nextCursor}`)).body;
  expect([...first.proposals, ...second.proposals].map(({ title }) => title)).toEqual(["c", "b", "a"]);
  expect(second.nextCursor).toBeNull();
  const patterns = (await api.call<{ patterns: object[] }>("GET", "api/personal-ops/patterns?limit=1")).body.patterns;
  expect(patterns).toMatchObject([{ title: "c", evidence: { offer: "Do c." } }]);
});

it("a proposal is decided once, by a person who has seen it, audited in the app and in the family", async () => {
  const id = await aPatternProposal(api.db, "a");
  const etag = await etagOf(id);
  expect(await decide(id, "approve")).toMatchObject({ status: 428 });
  expect(await decide(id, "approve", '"another"')).toMatchObject({ status: 412 });
  const decided = { status: "approved", reason: "it saves time" };
  expect(await decide(id, "approve", etag)).toMatchObject({ status: 200, body: decided });
  expect(await decide(id, "reject", etag)).toMatchObject({ status: 412 });
  expect(await decide(id, "reject", await etagOf(id))).toMatchObject({
    status: 409,
    body: { type: "urn:rota:problem:decided-before" },
  });
  expect((await api.call<Page>("GET", `${PATH}?status=pending`)).body.proposals).toEqual([]);
  const action = "proposal approved";
  expect(await api.db.select().from(auditLog)).toMatchObject([{ action, subject: `proposal:${id}` }]);
  expect(await api.db.select().from(agentAuditLog)).toMatchObject([{ action, actionType: "manual" }]);
});

it("of decisions at once one counts", async () => {
  const id = await aPatternProposal(api.db, "a");
  const etag = await etagOf(id);
  const decisions = await Promise.all(["approve", "reject", "approve"].map((action) => decide(id, action, etag)));
  expect(decisions.filter(({ status }) => status === 200)).toHaveLength(1);
  expect(decisions.filter(({ status }) => status === 409 || status === 412)).toHaveLength(2);
});

it("an unknown proposal is not found", async () => {
  expect(await decide(4_711, "approve", "*")).toMatchObject({ status: 404 });
  expect(await api.call("GET", `${PATH}/4711`)).toMatchObject({ status: 404 });
});
