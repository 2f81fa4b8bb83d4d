import { count, eq, isNull, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { dataSourceSync, incidents, memoryItems } from "#data/personal-ops/personal-ops-schema.ts";
import { syncHubspot } from "#functions/personal-ops/sync-hubspot.ts";
import { type FakeContact, type FakeHubspot, startFakeHubspot } from "#local/providers/fake-hubspot.ts";
import { openDatabase } from "#support/database.ts";
import { runJob } from "#support/run-job.ts";

const NOON = "2026-03-10T12:00:00Z";
const ONE = "2026-03-10T13:00:00Z";
const { db } = await openDatabase();
let server: FakeHubspot;
beforeAll(async () => {
  server = await startFakeHubspot();
});
afterAll(() => server.close());
beforeEach(() => {
  server.recover();
  server.contacts.length = 0;
  server.onSearch = undefined;
});
afterEach(async () => {
  await db.execute(sql`truncate platform.job_runs;
    truncate personal_ops.data_source_sync, personal_ops.memory_items, personal_ops.incidents`);
});

const syncAt = (asOf = NOON, settings: Record<string, string> = {}) =>
  runJob(syncHubspot, {
    db,
    asOf,
    settings: { HUBSPOT_TOKEN: "demo", HUBSPOT_BASE_URL: server.origin, ...settings },
  });
const record = async () => (await db.select().from(dataSourceSync))[0];
const rememberedCount = async () =>
  (await db.select({ n: count() }).from(memoryItems).where(isNull(memoryItems.validTo)))[0]!.n;

function contact(id: number, change: Partial<FakeContact> = {}): FakeContact {
  const seconds = Math.floor(id / 1000);
  const modifiedAt = new Date(Date.parse("2026-03-01T00:00:00Z") + seconds * 1_000 + (id % 1000)).toISOString();
  return { id, modifiedAt, properties: { firstname: `First${id}`, email: `c${id}@example.com` }, ...change };
}
const contacts = (from: number, to: number, change: Partial<FakeContact> = {}) =>
  Array.from({ length: to - from + 1 }, (_, i) => contact(from + i, change));

it("remembers each contact as inferred, with its fields as text", async () => {
  server.contacts.push(contact(501, { properties: { firstname: "Ann", lastname: "Lee", email: "ann@example.com" } }));
  const { run, result } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({ counts: { read: 1, added: 1 } });
  expect(await db.select().from(memoryItems)).toMatchObject([
    {
      key: "hubspot.contact.501",
      title: "Ann Lee",
      value: "email: ann@example.com\nfirstname: Ann\nlastname: Lee",
      authority: "inferred",
    },
  ]);
});

it("a contact whose fields change supersedes its item; one that only its change time changed does not", async () => {
  server.contacts.push(contact(1), contact(2));
  await syncAt();
  const modifiedAt = "2026-03-10T12:30:00.000Z";
  server.contacts[0] = contact(1, { modifiedAt, properties: { firstname: "Bo" } });
  server.contacts[1] = contact(2, { modifiedAt });
  const { result } = await syncAt(ONE);
  expect(result).toMatchObject({ counts: { added: 0, superseded: 1 } });
  const old = await db.select().from(memoryItems).where(eq(memoryItems.supersedeReason, "inferred_update"));
  expect(old).toMatchObject([{ key: "hubspot.contact.1" }]);
});

it("more contacts than a search returns, many of them with one change time, come once each", async () => {
  const imported = "2026-03-01T00:00:05.500Z";
  server.contacts.push(
    ...contacts(1, 450),
    ...contacts(10_001, 10_900, { modifiedAt: imported }),
    ...contacts(20_000, 20_100),
  );
  const { run, result } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({ counts: { added: 1_451 } });
  expect(await rememberedCount()).toBe(1_451);
  expect(await record()).toMatchObject({ success: true, items: 1_451 });
});

it("contacts that change while the pages are read hide no other contact", async () => {
  server.contacts.push(...contacts(1, 900));
  let searches = 0;
  server.onSearch = () => {
    searches++;
    if (searches > 3) return;
    for (let i = 0; i < 40; i++) {
      const at = (searches - 1) * 40 + i;
      server.contacts[at] = { ...server.contacts[at]!, modifiedAt: `2026-03-10T11:0${searches}:00.000Z` };
    }
  };
  const { run } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(await rememberedCount()).toBe(900);
});

it("a failure in the middle keeps what is committed, and the next run continues there", async () => {
  server.contacts.push(...contacts(1, 700));
  let searches = 0;
  server.onSearch = () => {
    searches++;
    if (searches === 2) server.fail({ kind: "no-change-time" });
  };
  const { run } = await syncAt();
  expect(run.errors[0]).toMatchObject({ class: "validation" });
  expect(run.errors[0]?.message).toContain("lastmodifieddate");
  expect(await record()).toMatchObject({ success: false, watermark: { modifiedAt: contact(399).modifiedAt } });
  server.recover();
  const { result } = await syncAt(ONE);
  expect(result).toMatchObject({ counts: { read: 303, added: 301 } });
  expect(await rememberedCount()).toBe(700);
});

it("the watermark stays minutes behind the start of the run, as the index of the search lags", async () => {
  server.contacts.push(contact(1, { modifiedAt: "2026-03-10T11:59:59.000Z" }));
  await syncAt();
  expect(await record()).toMatchObject({ watermark: { modifiedAt: "2026-03-10T11:55:00.000Z" } });
});

it.each([
  ["no-scope", "crm.objects.contacts.read"],
  ["may-write", "crm.objects.contacts.write"],
] as const)("a token with the fault %s reads nothing, and is an incident at once", async (kind, scope) => {
  server.contacts.push(contact(1));
  server.fail({ kind });
  const { run } = await syncAt();
  expect(run.errors[0]).toMatchObject({ class: "auth" });
  expect(run.errors[0]?.message).toContain(scope);
  expect(await rememberedCount()).toBe(0);
  expect(await db.select().from(incidents)).toMatchObject([{ type: "sync_failures", key: "hubspot" }]);
});

it("a wrong token is called once and shown nowhere", async () => {
  const asked = server.requests.length;
  const { run } = await syncAt(NOON, { HUBSPOT_TOKEN: "wrong-token" });
  expect(run.errors[0]).toMatchObject({ class: "auth" });
  expect(JSON.stringify(run)).not.toContain("wrong-token");
  expect(server.requests.length - asked).toBe(1);
});

it("the limit of the day is not retried", async () => {
  server.fail({ kind: "daily-limit" });
  const asked = server.requests.length;
  const { run } = await syncAt();
  expect(run.errors[0]).toMatchObject({ class: "rate_limited" });
  expect(server.requests.length - asked).toBe(2);
});

it("a page that is repeated for ever ends the run with the reason", async () => {
  server.contacts.push(...contacts(1, 250));
  server.fail({ kind: "same-page" });
  const { run } = await syncAt();
  expect(run.errors[0]).toMatchObject({ class: "validation" });
  expect(run.errors[0]?.message).toContain("out of order");
});
