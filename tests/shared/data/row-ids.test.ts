import { validate, version } from "uuid";
import { expect, it } from "vitest";
import { rowIds } from "#data/row-ids.ts";

it("ids are unique UUIDs of version 7, ascending", () => {
  const before = Date.now();
  const ids = [...rowIds(5_000), ...rowIds(1)];
  expect(ids.every((id) => validate(id) && version(id) === 7)).toBe(true);
  expect(new Set(ids).size).toBe(5_001);
  expect(ids.slice(0, 5_000).toSorted()).toEqual(ids.slice(0, 5_000));
  expect(parseInt(ids[0]!.replace("-", "").slice(0, 12), 16)).toBeGreaterThanOrEqual(before);
});

it("zero ids are an empty list", () => {
  expect(rowIds(0)).toEqual([]);
});
