import { expect, it } from "vitest";
import type { RepeatableRun } from "#data/platform/run-repeats.ts";
import { batchesOf } from "#operations/repeat-batch.ts";

const MIB = 1_048_576;
const runs = (sizes: readonly number[]) => sizes.map((inputSize) => ({ inputSize }) as RepeatableRun);
const sizesOf = (sizes: readonly number[]) =>
  batchesOf(runs(sizes)).map((batch) => batch.map(({ inputSize }) => inputSize / MIB));

it("a batch has at most 2,000 runs", () => {
  const small = Array.from({ length: 4_001 }, () => 10);
  expect(batchesOf(runs(small)).map(({ length }) => length)).toEqual([2_000, 2_000, 1]);
});

it("a batch has at most 16 MiB of inputs, and a larger input is a batch of its own", () => {
  expect(sizesOf([8, 8, 1, 20, 1, 15, 1].map((mib) => mib * MIB))).toEqual([[8, 8], [1], [20], [1, 15], [1]]);
});

it("no runs are no batch", () => {
  expect(batchesOf([])).toEqual([]);
});
