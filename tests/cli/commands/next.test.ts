import { expect, test } from "vitest";
import { rota } from "../rota.ts";

const DAILY = ["next", "0 30 16 * * *", "Europe/Berlin"];

test("16:30 in Berlin moves in UTC when the clocks go back, in a sortable format", async () => {
  const { code, stdout, stderr } = await rota([...DAILY, "--from", "2026-10-24T00:00:00Z", "--count", "3"]);
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout).toBe("2026-10-24T14:30:00Z\n2026-10-25T15:30:00Z\n2026-10-26T15:30:00Z\n");
});

test("16:30 in Berlin moves in UTC when the clocks go forward", async () => {
  const { stdout } = await rota([...DAILY, "--from", "2026-03-28T00:00:00Z", "--count", "3"]);
  expect(stdout).toBe("2026-03-28T15:30:00Z\n2026-03-29T14:30:00Z\n2026-03-30T14:30:00Z\n");
});

test("a time in the gap of a clock change is due at the first instant after the gap", async () => {
  const { stdout } = await rota([
    "next",
    "0 30 2 * * *",
    "Europe/Berlin",
    "--from",
    "2026-03-29T00:00:00Z",
    "--count",
    "2",
  ]);
  expect(stdout).toBe("2026-03-29T01:00:00Z\n2026-03-30T00:30:00Z\n");
});

test("an occurrence at --from is included", async () => {
  const { stdout } = await rota([...DAILY, "--from", "2026-10-24T14:30:00Z", "--count", "1"]);
  expect(stdout).toBe("2026-10-24T14:30:00Z\n");
});

test("--from is an instant in any zone", async () => {
  const { stdout } = await rota([...DAILY, "--from", "2026-10-24T16:30:01+02:00", "--count", "1"]);
  expect(stdout).toBe("2026-10-25T15:30:00Z\n");
});

test("prints five occurrences from now on by default", async () => {
  const before = Date.now();
  const { stdout } = await rota(["next", "* * * * * *", "UTC"]);
  const found = stdout
    .trim()
    .split("\n")
    .map((line) => Date.parse(line));
  expect(found).toHaveLength(5);
  expect(found[0]).toBeGreaterThanOrEqual(before);
  expect(found.map((at) => at - (found[0] ?? 0))).toEqual([0, 1_000, 2_000, 3_000, 4_000]);
});

test.each([
  [["0 99 16 * * *", "UTC"], "next: <expression>: minute field: expected 0 to 59"],
  [["30 16 * * *", "UTC"], "the seconds field is missing"],
  [
    ["0 30 16 * * *", "Europe/Berlni"],
    'next: <zone>: expected an IANA time zone such as "Europe/Berlin" or "UTC", got "Europe/Berlni"; did you mean "Europe/Berlin"?',
  ],
  [["0 30 16 * * *"], "next: <zone> is missing"],
  [
    ["0", "30", "16", "*", "*", "*", "UTC"],
    "next: expected only <expression> and <zone>, got 7 arguments: put the expression in quotes",
  ],
  [["* * * * * *", "UTC", "--from", "2026-10-24"], "next: --from: expected an instant such as 2026-10-24T14:30:00Z"],
  [["* * * * * *", "UTC", "--from", "2026-10-24T00:00:00"], "next: --from: expected an instant"],
  [["* * * * * *", "UTC", "--from", "2026-02-30T00:00:00Z"], "next: --from: expected an instant"],
  [["* * * * * *", "UTC", "--count", "many"], 'next: --count: expected a whole number from 1 to 10000, got "many".'],
])("%j is rejected", async (args, sentence) => {
  const { code, stdout, stderr } = await rota(["next", ...args]);
  expect({ code, stdout, lines: stderr.split("\n").length }).toEqual({ code: 2, stdout: "", lines: 2 });
  expect(stderr).toContain(sentence);
});

test("a schedule without further occurrences is an error", async () => {
  const { code, stderr } = await rota([...DAILY, "--from", "9999-12-31T20:00:00Z"]);
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: "next: the schedule has no occurrence from 9999-12-31T20:00:00Z to the year 9999.\n",
  });
});
