import { asc, isNull } from "drizzle-orm";
import { beforeEach, expect, it } from "vitest";
import { type RememberedItem, rememberItems, retireItems } from "#data/personal-ops/memory-items.ts";
import { memoryItems } from "#data/personal-ops/personal-ops-schema.ts";
import { openDatabase } from "#support/database.ts";

const { db } = await openDatabase();
const NOON = new Date("2026-03-10T12:00:00Z");
const ONE = new Date("2026-03-10T13:00:00Z");
const page = (change: Partial<RememberedItem> = {}): RememberedItem => ({
  key: "notion.page.1",
  title: "Deploys",
  value: "Deploy on Tuesdays.",
  data: { tags: ["SOP"] },
  authority: "canonical",
  sourceType: "notion",
  sourceId: "1",
  ...change,
});

beforeEach(() => db.delete(memoryItems));

const remember = (items: readonly RememberedItem[], now = NOON) =>
  db.transaction((tx) => rememberItems(tx, items, now));
const all = () => db.select().from(memoryItems).orderBy(asc(memoryItems.id));

it("the same content changes nothing", async () => {
  expect(await remember([page()])).toEqual({ added: 1, superseded: 0, unchanged: 0 });
  const before = await all();
  expect(await remember([page()], ONE)).toEqual({ added: 0, superseded: 0, unchanged: 1 });
  expect(await all()).toEqual(before);
});

it("a changed content supersedes the valid item, which keeps its text", async () => {
  await remember([page(), page({ key: "notion.page.2", sourceId: "2" })]);
  const counts = await remember([page({ value: "Deploy on Mondays." })], ONE);
  expect(counts).toEqual({ added: 0, superseded: 1, unchanged: 0 });
  const [old, , valid] = await all();
  expect(old).toMatchObject({ value: "Deploy on Tuesdays.", validTo: ONE, supersedeReason: "canonical_update" });
  expect(old!.supersededBy).toBe(valid!.id);
  expect(valid).toMatchObject({ value: "Deploy on Mondays.", validFrom: ONE, validTo: null, supersededBy: null });
});

it.each([
  ["title", { title: "Deployments" }],
  ["fields", { data: { tags: ["Final"] } }],
])("a change of the %s alone is a change", async (_, change) => {
  await remember([page()]);
  expect(await remember([page(change)], ONE)).toMatchObject({ superseded: 1 });
});

it("an item that a system inferred is superseded as inferred", async () => {
  await remember([page({ authority: "inferred" })]);
  await remember([page({ authority: "inferred", value: "x" })], ONE);
  expect((await all())[0]).toMatchObject({ supersedeReason: "inferred_update" });
});

it("of two items with one key the last one counts", async () => {
  expect(await remember([page({ value: "a" }), page({ value: "b" })])).toMatchObject({ added: 1 });
  expect(await all()).toMatchObject([{ value: "b" }]);
});

it("a retired item has no successor; when its source has it again, a new item begins", async () => {
  await remember([page()]);
  const retire = () =>
    db.transaction((tx) => retireItems(tx, { keys: ["notion.page.1"], reason: "no_longer_tagged" }, ONE));
  expect(await retire()).toBe(1);
  expect(await retire()).toBe(0);
  expect(await all()).toMatchObject([{ validTo: ONE, supersedeReason: "no_longer_tagged", supersededBy: null }]);
  expect(await remember([page()], ONE)).toEqual({ added: 1, superseded: 0, unchanged: 0 });
  expect(await all()).toHaveLength(2);
});

it("a clock that is set back keeps the validity in order", async () => {
  await remember([page()], ONE);
  await remember([page({ value: "x" })], NOON);
  expect((await all())[0]).toMatchObject({ validFrom: ONE, validTo: ONE });
});

it("ten transactions that remember one key leave one valid item", async () => {
  await Promise.all(Array.from({ length: 10 }, (_, i) => remember([page({ value: `${i % 3}` })])));
  expect(await db.select().from(memoryItems).where(isNull(memoryItems.validTo))).toHaveLength(1);
});
