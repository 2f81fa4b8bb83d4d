import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { etfUpdates } from "#data/portfolio/etf-schema.ts";
import { exchangeRateUpdates } from "#data/portfolio/portfolio-schema.ts";
import { jobs } from "#functions/index.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { emptyTables } from "#support/empty-tables.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs);
});
beforeEach(() => emptyTables(api.db, ["portfolio.etf_updates", "portfolio.exchange_rate_updates"]));
afterAll(async () => {
  await api.close();
  await database.drop();
});

interface Updates {
  updates: { of: string; id: number; requestedAt: string }[];
  nextCursor: string | null;
}
const page = async (query: string) => (await api.call<Updates>("GET", `api/v1/updates?${query}`)).body;
const ended = (minute: number, state: "succeeded" | "failed") => {
  const requestedAt = new Date(Date.UTC(2026, 2, 10, 12, minute));
  return { runId: randomUUID(), state, error: state === "failed" ? "e" : null, requestedAt, finishedAt: requestedAt };
};
const prices = (minute: number, state: "succeeded" | "failed" = "succeeded") =>
  api.db.insert(etfUpdates).values({ kind: "fetch", ...ended(minute, state) });
const rates = (minute: number, state: "succeeded" | "failed" = "succeeded") =>
  api.db.insert(exchangeRateUpdates).values({ kind: "latest", ...ended(minute, state) });

/** Reads all pages. @param between called after each page */
async function everything(query: string, between: () => Promise<unknown> = async () => undefined) {
  const seen: string[] = [];
  let cursor = "";
  for (let pages = 0; pages < 50; pages++) {
    const { updates, nextCursor } = await page(`${query}${cursor}`);
    seen.push(...updates.map(({ of, id }) => `${of} ${id}`));
    if (nextCursor === null) return seen;
    cursor = `&cursor=${encodeURIComponent(nextCursor)}`;
    await between();
  }
  throw new Error("the pages do not end");
}

it("pages of any size show each update once, newest first, also those of one instant", async () => {
  for (const minute of [1, 2, 2, 2, 3]) await prices(minute);
  for (const minute of [0, 2, 2, 4]) await rates(minute);
  const { updates, nextCursor } = await page("");
  expect(updates).toHaveLength(9);
  expect(nextCursor).toBeNull();
  const times = updates.map(({ requestedAt }) => requestedAt);
  expect(times).toEqual(times.toSorted().reverse());
  const all = updates.map(({ of, id }) => `${of} ${id}`);
  for (const limit of [1, 2, 3, 4, 8, 9]) expect(await everything(`limit=${limit}`), `limit ${limit}`).toEqual(all);
});

it("rows that are added between two pages neither repeat nor hide an update", async () => {
  for (let minute = 0; minute < 6; minute++) await Promise.all([prices(minute), rates(minute)]);
  const before = (await page("")).updates.map(({ of, id }) => `${of} ${id}`);
  const added = () => Promise.all([prices(30), rates(31)]);
  expect(await everything("limit=5", added)).toEqual(before);
});

it("pages keep to the state and the table of the request", async () => {
  for (let minute = 0; minute < 4; minute++)
    await Promise.all([prices(minute, "failed"), prices(minute), rates(minute)]);
  const seen = await everything("limit=2&state=failed&of=etf_prices");
  expect(new Set(seen).size).toBe(4);
});

it.each([
  "x",
  "1",
  "2026-03-10T12:00:00.000Z_etfs_1",
  "2026-13-45T12:00:00Z_etf_prices_1",
  "0000-01-01T00:00:00Z_etf_prices_1",
])("the cursor %j is refused, with the field", async (cursor) => {
  const { status, body } = await api.call("GET", `api/v1/updates?cursor=${encodeURIComponent(cursor)}`);
  expect(status).toBe(400);
  expect(body).toMatchObject({ errors: [{ field: "cursor", reason: "expected the `nextCursor` of an answer" }] });
});
