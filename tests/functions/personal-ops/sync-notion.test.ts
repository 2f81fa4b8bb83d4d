import { asc, sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import { dataSourceSync, incidents, memoryItems } from "#data/personal-ops/personal-ops-schema.ts";
import { syncNotion } from "#functions/personal-ops/sync-notion.ts";
import {
  FAKE_NOTION_DATA_SOURCE,
  type FakeNotion,
  type FakePage,
  startFakeNotion,
} from "#local/providers/fake-notion.ts";
import { openDatabase } from "#support/database.ts";
import { runJob } from "#support/run-job.ts";

const NOON = "2026-03-10T12:00:00Z";
const ONE = "2026-03-10T13:00:00Z";
const { db } = await openDatabase();
let server: FakeNotion;
beforeAll(async () => {
  server = await startFakeNotion({ pageSize: 3 });
});
afterAll(() => server.close());
beforeEach(() => {
  server.recover();
  server.pages.length = 0;
  server.onQuery = undefined;
});
afterEach(async () => {
  await db.execute(sql`truncate platform.job_runs;
    truncate personal_ops.data_source_sync, personal_ops.memory_items, personal_ops.incidents`);
});

const syncAt = (asOf = NOON, settings: Record<string, string> = {}) =>
  runJob(syncNotion, {
    db,
    asOf,
    settings: {
      NOTION_TOKEN: "demo",
      NOTION_DATA_SOURCES: FAKE_NOTION_DATA_SOURCE,
      NOTION_BASE_URL: server.origin,
      ...settings,
    },
  });
const items = () => db.select().from(memoryItems).orderBy(asc(memoryItems.id));
const record = async () => (await db.select().from(dataSourceSync))[0];

function page(id: number, change: Partial<FakePage> = {}): FakePage {
  return {
    id: `393abc1e-edcd-8169-85ce-${String(id).padStart(12, "0")}`,
    title: `Page ${id}`,
    tags: ["SOP"],
    editedAt: "2026-03-10T11:00:00.000Z",
    blocks: [{ text: `Rule ${id}` }],
    ...change,
  };
}

/** Exchanges a page for one with a change. */
function edit(id: number, change: Partial<FakePage>): void {
  const at = server.pages.findIndex((each) => each.id === page(id).id);
  server.pages[at] = { ...server.pages[at]!, ...change };
}

it("remembers each page with one of the tags, with the text of nested blocks over several pages of results", async () => {
  server.pages.push(
    page(1, {
      blocks: [{ text: "One", children: [{ text: "Two", children: [{ text: "Three" }] }] }, { text: "Four" }],
    }),
    page(2, { tags: ["Canonical", "Other"], blocks: ["a", "b", "c", "d", "e"].map((text) => ({ text })) }),
    page(3, { tags: ["Final"] }),
    page(4, { tags: ["Draft"] }),
  );
  const { run, result } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  expect(result).toMatchObject({ counts: { read: 3, added: 3, failed: 0 } });
  expect((await items()).map(({ title, value, authority }) => [title, value, authority])).toEqual([
    ["Page 1", "One\n  Two\n    Three\nFour", "canonical"],
    ["Page 2", "a\nb\nc\nd\ne", "canonical"],
    ["Page 3", "Rule 3", "canonical"],
  ]);
});

it("pages of one minute over several pages of results come once each", async () => {
  server.pages.push(...Array.from({ length: 11 }, (_, i) => page(i + 1)));
  const { result } = await syncAt();
  expect(result).toMatchObject({ counts: { read: 11, added: 11 } });
});

it("a page that is edited while the results are read hides no other page", async () => {
  const minute = (i: number) => `2026-03-10T10:${String(i).padStart(2, "0")}:00.000Z`;
  server.pages.push(...Array.from({ length: 9 }, (_, i) => page(i + 1, { editedAt: minute(i) })));
  server.onQuery = () => {
    server.onQuery = undefined;
    edit(1, { editedAt: minute(59), blocks: [{ text: "edited" }] });
  };
  const { run } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe("succeeded");
  const valid = (await items()).filter(({ validTo }) => validTo === null);
  expect(valid).toHaveLength(9);
  expect(valid.find(({ title }) => title === "Page 1")).toMatchObject({ value: "edited" });
});

it("unchanged pages change nothing, a changed one supersedes its item", async () => {
  server.pages.push(page(1), page(2));
  await syncAt();
  const asked = server.requests.length;
  edit(1, { editedAt: "2026-03-10T12:30:00.000Z", blocks: [{ text: "A new rule" }] });
  const { result } = await syncAt(ONE);
  expect(result).toMatchObject({ counts: { added: 0, superseded: 1 } });
  expect(server.requests.slice(asked).filter((request) => request.includes("/blocks/"))).toHaveLength(1);
  expect(await items()).toMatchObject([
    { title: "Page 1", supersedeReason: "canonical_update" },
    { title: "Page 2", validTo: null },
    { title: "Page 1", value: "A new rule", validTo: null },
  ]);
});

it("the watermark stays minutes behind the start of the run", async () => {
  server.pages.push(page(1, { editedAt: "2026-03-10T11:59:00.000Z" }));
  await syncAt();
  const editedUntil = { [FAKE_NOTION_DATA_SOURCE]: "2026-03-10T11:55:00.000Z" };
  expect(await record()).toMatchObject({ success: true, watermark: { editedUntil } });
});

it("a page that is gone or lost its tags is retired when all pages are listed, once a day", async () => {
  server.pages.push(page(1), page(2), page(3));
  await syncAt();
  server.pages.splice(0, 1);
  edit(2, { tags: [] });
  await syncAt(ONE);
  expect((await items()).every(({ validTo }) => validTo === null)).toBe(true);
  const { result } = await syncAt("2026-03-11T12:00:00Z");
  expect(result).toMatchObject({ counts: { retired: 2 } });
  const retired = (await items()).filter(({ validTo }) => validTo !== null);
  expect(retired.map(({ supersedeReason }) => supersedeReason)).toEqual(["gone_or_untagged", "gone_or_untagged"]);
});

it("a page with too many blocks fails alone, with the reason", async () => {
  const line = { text: "x".repeat(400_000) };
  server.pages.push(page(1), page(2, { blocks: [line, line, line] }), page(3));
  const { run, result } = await syncAt();
  expect(run.state).toBe("succeeded");
  expect(result).toMatchObject({ counts: { added: 2, failed: 1 } });
  expect(JSON.stringify(run.itemFailures)).toContain("more than 1000000 characters");
});

it.each([
  ["529", "succeeded"],
  ["not-json", "succeeded"],
  ["truncated", "succeeded"],
  ["same-cursor", "dead"],
  ["incomplete", "dead"],
  ["no-edit-time", "dead"],
] as const)("one answer that is %s: the run %s", async (kind, state) => {
  server.pages.push(...Array.from({ length: 5 }, (_, i) => page(i + 1)));
  server.fail({ kind, ...(state === "succeeded" && { times: 1 }), only: "/query" });
  const { run } = await syncAt();
  expect(run.state, JSON.stringify(run.errors)).toBe(state);
  if (state === "dead") {
    expect(run.errors[0]).toMatchObject({ class: "validation" });
    expect(await record()).toMatchObject({ success: false, consecutiveFailures: 1 });
  }
});

it("a wait longer than two minutes ends the run; the next one continues", async () => {
  server.pages.push(page(1));
  server.fail({ kind: "429", retryAfter: "600", times: 1 });
  const { run } = await syncAt();
  expect(run.errors[0]).toMatchObject({ class: "rate_limited" });
  expect((await syncAt(ONE)).result).toMatchObject({ counts: { added: 1 } });
});

it("a wrong token is called once, and is an incident at once", async () => {
  const asked = server.requests.length;
  const { run } = await syncAt(NOON, { NOTION_TOKEN: "wrong-token" });
  expect(run.errors[0]).toMatchObject({ class: "auth" });
  expect(JSON.stringify(run.errors)).not.toContain("wrong-token");
  expect(server.requests.length - asked).toBe(1);
  expect(await db.select().from(incidents)).toMatchObject([{ type: "sync_failures", key: "notion" }]);
});
