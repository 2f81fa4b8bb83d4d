import { expect, it } from "vitest";
import { z } from "zod";
import { issuesOf } from "#jobs/input.ts";

const schema = z.strictObject({
  reason: z.string().min(3),
  count: z.int().min(1).max(10).optional(),
  tags: z.array(z.string()).max(1).optional(),
  state: z.enum(["open", "all"]).optional(),
  run: z.uuid().optional(),
  own: z.string().min(1, "expected a title").optional(),
});

it.each([
  [{}, "reason", "is required"],
  [{ reason: 1 }, "reason", "expected a text"],
  [{ reason: "a" }, "reason", "expected at least 3 characters"],
  [{ reason: "abc", count: 1.5 }, "count", "expected a whole number"],
  [{ reason: "abc", count: 11 }, "count", "expected at most 10"],
  [{ reason: "abc", tags: ["a", "b"] }, "tags", "expected at most 1 entry"],
  [{ reason: "abc", state: "x" }, "state", "expected one of open, all"],
  [{ reason: "abc", run: "x" }, "run", "expected a UUID such as 01890a5d-ac96-774b-bcce-b302099a8057"],
  [{ reason: "abc", own: "" }, "own", "expected a title"],
  [{ reason: "abc", other: 1 }, "other", "is not known"],
  [[], "body", "expected an object"],
])("the fault of %j is %s: %s", (value, field, reason) => {
  expect(issuesOf(schema.safeParse(value).error!, "body")).toEqual([{ field, reason }]);
});
