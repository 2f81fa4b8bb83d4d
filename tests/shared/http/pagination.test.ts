import { expect, it } from "vitest";
import { readPage } from "#http/pagination.ts";

const numbers = (count: number) => async (limit: number) =>
  Array.from({ length: count }, (_, i) => i + 1).slice(0, limit);

it.each([
  [0, [], null],
  [2, [1, 2], null],
  [3, [1, 2, 3], null],
  [4, [1, 2, 3], 3],
  [9, [1, 2, 3], 3],
])("of %i rows, a page of three has %j and the next one starts after %j", async (count, rows, nextAfter) => {
  expect(await readPage(3, numbers(count))).toEqual({ rows, nextAfter });
});
