import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { Log } from "#telemetry/log.ts";
import { prettyLine, prettyLines } from "#telemetry/pretty-log.ts";

const entry = { time: "2026-03-10T16:30:00.000Z", level: "info", message: "Succeeded", fields: {} } as const;
const shown = (fields: Record<string, unknown>, rest: { message?: string; level?: "warn" } = {}) =>
  stripVTControlCharacters(prettyLine({ ...entry, ...rest, fields }));

it("shows time, job, message and fields", () => {
  expect(
    shown({ job: "sync_fx_latest", run: "a-run", correlationId: "c", attempt: 1, inserted: 30, source: "ecb" }),
  ).toBe("16:30:00 sync_fx_latest               Succeeded  inserted=30  source=ecb");
  expect(shown({})).toBe("16:30:00 rota                         Succeeded");
});

it("shows the number of a later attempt", () => {
  expect(shown({ job: "sync", attempt: 3 })).toContain("Succeeded (attempt 3)");
  expect(shown({ job: "sync", attempt: 1 })).not.toContain("attempt");
});

it("truncates a long field, and shows a nested one as JSON", () => {
  expect(shown({ long: "x".repeat(500) })).toMatch(/long=x{157}…$/);
  expect(shown({ range: { from: 1, to: null } })).toContain('range={"from":1,"to":null}');
  expect(shown({ none: undefined })).toContain("none=null");
});

it("shows the stack of an error below the line, and its causes below that", () => {
  const lines: string[] = [];
  new Log(prettyLines((line) => lines.push(line))).error("Failed for good", {
    job: "sync",
    error: new Error("outer", { cause: new RangeError("inner", { cause: "a text" }) }),
  });
  const text = stripVTControlCharacters(lines.join(""));
  expect(text).toMatch(/^\d\d:\d\d:\d\d sync {25}Failed for good\n {11}Error: outer\n {11} +at /);
  expect(text).toMatch(/\n {11}Caused by: RangeError: inner\n {11} +at /);
  expect(text).toMatch(/\n {11}Caused by: a text\n$/);
});

it.each([
  [{ name: "Error", message: "no stack", stack: "" }, "Error: no stack"],
  [{ message: "no name" }, "Error: no name"],
  ["a text", "a text"],
  [{ odd: 1 }, '{"odd":1}'],
  [17, "17"],
])("shows an error of any shape: %j", (error, text) => {
  expect(shown({ error }).split("\n")[1]?.trim()).toBe(text);
});

it("escapes control characters", () => {
  const forged = "ok\n16:31:00 sync  Succeeded\u001b[2J\u009b31m\r\u0007";
  const line = prettyLine({ ...entry, message: forged, fields: { job: "a\nb", note: forged, [`x\u001b[0m`]: 1 } });
  expect(line).not.toContain("\n");
  expect(line).not.toContain("\u001b[2J");
  expect(line).not.toContain("\u009b");
  expect(stripVTControlCharacters(line)).toContain("ok\\n16:31:00 sync  Succeeded\\x1b[2J\\x9b31m\\x0d\\x07");
});
