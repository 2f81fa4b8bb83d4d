import { afterAll, beforeAll, expect, it } from "vitest";
import { type RememberedItem, rememberItems } from "#data/personal-ops/memory-items.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

interface Found {
  readonly items: readonly { readonly id: number; readonly key: string; readonly text: string }[];
  readonly nextCursor: number | null;
}

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, []);
  const item = (key: string, title: string, value: string): RememberedItem => ({
    key,
    title,
    value,
    data: {},
    authority: "canonical",
    sourceType: "notion",
    sourceId: key,
  });
  const now = api.clock.now();
  await api.db.transaction(async (tx) => {
    await rememberItems(tx, [item("a", "Deploys", "On Tuesdays."), item("b", "Holidays", "No deploys then.")], now);
    await rememberItems(tx, [item("a", "Deploys", "On Mondays.")], now);
  });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const find = async (query: string) => (await api.call<Found>("GET", `api/personal-ops/memory?${query}`)).body;

it("words find the valid items whose title or text has all of them, newest first", async () => {
  expect((await find("q=deploys")).items.map(({ text }) => text)).toEqual(["On Mondays.", "No deploys then."]);
  expect((await find("q=deploys+mondays")).items).toMatchObject([{ key: "a" }]);
  expect((await find("q=tuesdays")).items).toEqual([]);
});

it("a key has its history, each superseded item with its successor", async () => {
  const { items } = await find("key=a");
  expect(items).toMatchObject([
    { text: "On Mondays.", validTo: null, supersededBy: null },
    { text: "On Tuesdays.", supersedeReason: "canonical_update", supersededBy: items[0]!.id },
  ]);
});

it("pages follow each other by the cursor", async () => {
  const first = await find("q=deploys&limit=1");
  expect(first.items).toHaveLength(1);
  const second = await find(`q=deploys&limit=1&cursor=${first.nextCursor}`);
  expect(second).toMatchObject({ items: [{ key: "b" }], nextCursor: null });
});

it("a request without words and key is refused", async () => {
  expect(await api.call("GET", "api/personal-ops/memory")).toMatchObject({ status: 400 });
});
