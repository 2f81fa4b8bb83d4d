import { odata } from "@azure/web-pubsub";
import { expect, test } from "vitest";
import { parseFilter } from "../src/filter.ts";
import { HttpError } from "../src/http-error.ts";

const ann = { id: "c1", userId: "ann", groups: new Set(["jobs", "muted"]) };
const anonymous = { id: "c2", userId: undefined, groups: new Set<string>() };

test.each([
  "'jobs' in groups",
  "userId eq 'ann' and connectionId ne '123'",
  "'ann' eq userId",
  "not ('other' in groups)",
  "not not ('jobs' in groups)",
  "false and false or true",
  "true or false and false",
  "not false and (userId eq 'bob' or ('muted' in groups))",
  "USERID ne null AND userId\nin groups or true",
  odata`userId ne ${"o'brien"} and connectionId eq ${"c1"}`,
])("a connection matches %s", (expression) => {
  expect(parseFilter(expression)(ann)).toBe(true);
});

test.each([
  "'other' in groups",
  "userId ne 'ann'",
  "userId eq 'Ann'",
  "not ('jobs' in groups)",
  "false and (true or true)",
  "userId eq null",
])("a connection does not match %s", (expression) => {
  expect(parseFilter(expression)(ann)).toBe(false);
});

test("the userId of a connection without user is null", () => {
  expect(parseFilter("userId eq null and connectionId ne null")(anonymous)).toBe(true);
  expect(parseFilter("userId eq 'ann' or userId in groups or userId eq ''")(anonymous)).toBe(false);
});

test("a quote in a text is doubled", () => {
  expect(parseFilter("userId eq 'o''brien'")({ ...ann, userId: "o'brien" })).toBe(true);
});

test.each([
  ["", "unexpected end"],
  ["userId eq", "unexpected end"],
  ["userId", "unexpected end"],
  ["not userId eq 'a'", 'unexpected "userId"'],
  ["userId eq 'a' userId", 'unexpected "userId"'],
  ["userId = 'a'", 'unexpected "="'],
  ["name eq 'a'", 'unexpected "name"'],
  ["constructor('a')", 'unexpected "constructor"'],
  ["userId in ('a', 'b')", 'unexpected "("'],
  ["('a' in groups", "unexpected end"],
  ["length(userId) gt 1", 'unexpected "length"'],
  ["userId eq 1", 'unexpected "1"'],
  ["userId eq 'open", 'unexpected "\'"'],
])("the error for %j names the unexpected token and the supported language", (expression, reason) => {
  const parse = () => parseFilter(expression);
  expect(parse).toThrow(HttpError);
  expect(parse).toThrow(
    `filter: ${reason} in ${JSON.stringify(expression)}. The emulator supports userId, connectionId`,
  );
});
