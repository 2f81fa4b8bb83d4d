import { count } from "drizzle-orm";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dataSourceSync, memoryItems } from "#data/personal-ops/personal-ops-schema.ts";
import { findRun } from "#data/platform/job-runs.ts";
import { syncNotion } from "#functions/personal-ops/sync-notion.ts";
import { FAKE_NOTION_DATA_SOURCE, type FakeNotion, startFakeNotion } from "#local/providers/fake-notion.ts";
import { applyControls } from "#operations/controls-change.ts";
import { openDatabase } from "#support/database.ts";
import { startProcess } from "#support/test-process.ts";
import { Log } from "#telemetry/log.ts";

const { url, db } = await openDatabase();
const PAGES = 60;
const idOf = (page: number) => `393abc1e-edcd-8169-85ce-${String(page).padStart(12, "0")}`;
let server: FakeNotion;
beforeAll(async () => {
  const pages = Array.from({ length: PAGES }, (_, i) => ({
    id: idOf(i),
    title: `Page ${i}`,
    tags: ["SOP"],
    editedAt: `2026-03-10T10:${String(i).padStart(2, "0")}:00.000Z`,
    blocks: [{ text: `Rule ${i}` }],
  }));
  server = await startFakeNotion({ pages });
});
afterAll(() => server.close());

it("the kill switch stops a synchronisation in the middle of a page; another process continues after the last commit", async () => {
  const env = {
    NOTION_TOKEN: "demo",
    NOTION_DATA_SOURCES: FAKE_NOTION_DATA_SOURCE,
    NOTION_BASE_URL: server.origin,
  };
  const [first, second] = [1, 2].map(() => startProcess(url, [syncNotion], { heartbeatMs: 50, env }));
  const turn = (killSwitch: boolean) =>
    applyControls(
      { ...first!, log: new Log(() => undefined) },
      { scope: "all", flags: { killSwitch } },
      { families: [], who: "a test", reason: "a test" },
    );
  const stored = async () => (await db.select({ n: count() }).from(memoryItems))[0]!.n;
  try {
    server.fail({ kind: "hang", only: idOf(30) });
    const { id } = await first!.enqueuer.enqueue(syncNotion, { input: {}, trigger: "manual", requestedBy: "a test" });
    const stopped = first!.runner.execute(id);
    await expect.poll(() => server.requests.some((request) => request.includes(idOf(30)))).toBe(true);
    await turn(true);
    await stopped;
    expect(await findRun(db, id)).toMatchObject({ state: "retrying", reasonCode: "kill-switch" });
    expect(await stored()).toBe(20);
    expect(await db.select().from(dataSourceSync)).toMatchObject([
      {
        success: null,
        items: 20,
        watermark: { editedUntil: { [FAKE_NOTION_DATA_SOURCE]: "2026-03-10T10:19:00.000Z" } },
      },
    ]);
    expect(await second!.runner.execute(id)).toBeUndefined();

    server.recover();
    await turn(false);
    const asked = server.requests.length;
    const run = await second!.runner.execute(id);
    expect(run?.state, JSON.stringify(run?.errors)).toBe("succeeded");
    expect(await stored()).toBe(PAGES);
    // The pages that were committed are not read again.
    expect(server.requests.slice(asked).filter((request) => request.includes("/blocks/"))).toHaveLength(40);
  } finally {
    await Promise.all([first!.close(), second!.close()]);
  }
});
