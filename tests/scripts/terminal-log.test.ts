import { expect, it } from "vitest";
import { terminalLog } from "../../scripts/terminal-log.ts";

function terminal() {
  const written: string[] = [];
  let now = 0;
  const log = terminalLog((text) => written.push(text), { elapsed: () => now });
  return {
    written,
    host: (level: string, message: string) => {
      log({ source: "host", level, message });
    },
    app: (message: string) => {
      log({ source: "console", level: "information", message });
    },
    wait: (ms: number) => (now += ms),
  };
}

it("a failure of the host that repeats shows once a minute, then with the count of the others", () => {
  const { written, host, wait } = terminal();
  host("error", "The function failed: PostgreSQL is unreachable\n    at one");
  for (let i = 0; i < 40; i++) host("error", `The function failed: PostgreSQL is unreachable\n    at ${i}`);
  host("error", "The function failed: another reason\n    at one");
  wait(60_000);
  host("error", "The function failed: PostgreSQL is unreachable\n    at last");
  expect(written).toEqual([
    "The function failed: PostgreSQL is unreachable\n    at one\n",
    "The function failed: another reason\n    at one\n",
    "The function failed: PostgreSQL is unreachable (40 more since then)\n",
  ]);
});

it("each line of the app shows, and of the host only warnings and errors", () => {
  const { written, host, app } = terminal();
  for (const _ of [1, 2]) app('{"message":"Started"}');
  host("information", "A timer fired");
  host("warning", "A request was cut");
  expect(written).toEqual(['{"message":"Started"}\n', '{"message":"Started"}\n', "A request was cut\n"]);
});
