import { expect, it } from "vitest";
import { z } from "zod";
import { InvalidInput } from "#jobs/endings.ts";
import { classify } from "#jobs/error-class.ts";
import { issuesOf, readInput } from "#jobs/input.ts";

const input = z.strictObject({
  range: z.strictObject({ from: z.iso.date() }),
  days: z.int().default(7),
});
const faultsOf = (value: unknown) => {
  try {
    readInput({ id: "sample", input }, value);
  } catch (error) {
    return (error as InvalidInput).issues;
  }
  return [];
};

it("returns the output of the schema", () => {
  expect(readInput({ id: "sample", input }, { range: { from: "2026-03-10" } })).toEqual({
    range: { from: "2026-03-10" },
    days: 7,
  });
});

it("names each invalid field by its path", () => {
  expect(faultsOf({ range: { from: "yesterday" }, days: 1.5 }).map(({ field }) => field)).toEqual([
    "range.from",
    "days",
  ]);
});

it("names each unknown field", () => {
  expect(faultsOf({ range: { from: "2026-03-10", until: 1 }, colour: "red", size: 2 })).toEqual([
    { field: "range.until", reason: "is not known" },
    { field: "colour", reason: "is not known" },
    { field: "size", reason: "is not known" },
  ]);
});

it("names the input when it is invalid as a whole", () => {
  expect(faultsOf("text")).toMatchObject([{ field: "input" }]);
  const read = z.object({}).safeParse(null);
  expect(issuesOf(read.error as z.ZodError, "query")).toMatchObject([{ field: "query" }]);
});

it("throws an error of class validation with all faults in its message", () => {
  const read = () => readInput({ id: "sample", input }, { range: {}, days: "seven" });
  expect(read).toThrow(/range\.from: .*; days: /);
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(InvalidInput);
    expect(classify(error)).toBe("validation");
  }
});
