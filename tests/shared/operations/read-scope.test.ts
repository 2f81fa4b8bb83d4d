import { expect, it } from "vitest";
import { InvalidInput } from "#jobs";
import { findFamilyScope, readScope } from "#operations/read-scope.ts";

/** `tasks` is a family and also a job. */
const known = { families: ["platform", "tasks"], jobs: ["tasks", "sync_fx_latest"] };

it.each([
  ["all", "all"],
  ["global", "all"],
  ["family:tasks", "family:tasks"],
  ["tasks", "family:tasks"],
  ["job:tasks", "job:tasks"],
  ["job:sync_fx_latest", "job:sync_fx_latest"],
])("%s is read as %s", (text, scope) => {
  expect(readScope(text, known)).toBe(scope);
});

it.each([
  ["everything", ""],
  ["sync_fx_latest", "; did you mean job:sync_fx_latest?"],
  ["job:sync_fx_lates", "; did you mean job:sync_fx_latest?"],
  ["family:task", "; did you mean family:tasks?"],
  ["task", "; did you mean family:tasks?"],
  ["al", "; did you mean all?"],
  ["family:", ""],
  ["run:7", ""],
  ["", ""],
])("%s is refused with the field, the value and what is accepted", (text, hint) => {
  const reason = `expected one of all, family:platform, family:tasks, job:<id>, got ${JSON.stringify(text)}${hint}`;
  expect(() => readScope(text, known)).toThrow(new InvalidInput([{ field: "scope", reason }]));
});

it("where a scope is never a job, a job is unknown", () => {
  expect(findFamilyScope("tasks", known.families)).toBe("family:tasks");
  expect(findFamilyScope("job:tasks", known.families)).toBeUndefined();
});
