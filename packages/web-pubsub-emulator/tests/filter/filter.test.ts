import { odata } from "@azure/web-pubsub";
import { expect, test } from "vitest";
import { filterOf } from "../../src/filter/filter.ts";

const ann = { id: "c1", userId: "user-ab-de", groups: new Set(["jobs", "muted"]) };
const nobody = { id: "c2", userId: undefined, groups: new Set<string>() };

test.each([
  "'jobs' in groups",
  "userId eq 'user-ab-de' and connectionId ne '123'",
  "userId in ('x', 'user-ab-de')",
  "not ('other' in groups) and length(groups) gt 1",
  "length(userId) ge 10 and length(userId) le 10",
  "false and false or true",
  "true or false and false",
  "toupper(userId) eq 'USER-AB-DE' and tolower('Q') eq 'q' and trim(' a ') eq 'a'",
  "substring(userId, 5, 2) eq 'ab' and substring(userId,8) eq 'de'",
  "startswith(userId,'user') and endswith(userId, 'de') and contains(userId,'-ab-')",
  "indexof(userId,'zz') eq -1 and concat(userId,'!') eq 'user-ab-de!'",
  "USERID ne null and userId gt 'a'",
  odata`userId ne ${"o'brien"} and connectionId eq ${"c1"}`,
])("a connection can be found by %s", (expression) => {
  expect(filterOf(expression)(ann)).toBe(true);
});

test("a connection without user has null for it, which no function and no order minds", () => {
  expect(filterOf("userId eq null")(nobody)).toBe(true);
  expect(filterOf("length(userId) gt 0 or startswith(userId, 'a') or userId in ('a')")(nobody)).toBe(false);
});

test.each([
  ["userId eq", "unexpected end"],
  ["userId", 'expected true or false, got "user"'],
  ["not length(userId) gt 5", "expected true or false, got 4"],
  ["userId eq 'a' userId", 'unexpected "userid"'],
  ["userId = 'a'", "unexpected \" = 'a'\""],
  ["name eq 'a'", 'unknown name "name"'],
  ["constructor('a')", 'unknown name "constructor"'],
  ["userId in ('a'", 'expected ")", got "the end"'],
  ["length(1) eq 1", "expected a text, got 1"],
  ["'open", 'unexpected "\'open"'],
])("%s is refused and the message says why", (expression, why) => {
  expect(() => filterOf(expression)).toThrow(`filter: ${why} in`);
});
