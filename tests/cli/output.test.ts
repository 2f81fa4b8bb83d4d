import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { outputTo } from "#cli/output.ts";

test.for([
  [0, 100],
  [undefined, 100],
  [10, 40],
  [132, 132],
])("a terminal of %o columns gets lines of %o characters", ([columns, width]) => {
  expect(outputTo(stream({ isTTY: true, columns })).width).toBe(width);
});

test("a pipe gets lines of 100 characters", () => {
  expect(outputTo(stream({})).width).toBe(100);
});

function stream(properties: object): NodeJS.WriteStream {
  return Object.assign(new PassThrough(), properties) as unknown as NodeJS.WriteStream;
}
