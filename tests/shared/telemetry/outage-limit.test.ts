import { expect, it } from "vitest";
import { jsonLines, Log } from "#telemetry/log.ts";
import { OutageLimit } from "#telemetry/outage-limit.ts";

class Gone extends Error {}

function start() {
  const lines: string[] = [];
  let now = 0;
  const limit = new OutageLimit((error) => (error instanceof Gone ? new Error("the cause") : undefined), {
    elapsed: () => now,
  });
  return {
    log: new Log(
      jsonLines((line) => lines.push(line)),
      { limit },
    ),
    entries: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>),
    pass: (ms: number) => (now += ms),
  };
}

it("writes a failure of an outage at once, and then once a minute with the count of the omitted ones", () => {
  const { log, entries, pass } = start();
  for (let n = 0; n < 1_000; n++) {
    log.error("Request failed", { route: `GET /${n}`, error: new Gone("select secret") });
    pass(100);
  }
  expect(entries()).toMatchObject([
    { message: "Request failed", route: "GET /0", error: { message: "the cause" } },
    { message: "Request failed", route: "GET /600", error: { message: "the cause" }, omittedBefore: 599 },
  ]);
  expect(JSON.stringify(entries())).not.toContain("select secret");
  expect(entries()[0]).not.toHaveProperty("omittedBefore");
});

it("counts each message for itself", () => {
  const { log, entries } = start();
  log.error("Request failed", { error: new Gone() });
  log.warn("Heartbeat failed", { error: new Gone() });
  expect(entries()).toHaveLength(2);
});

it("writes every entry whose error is no outage, and every entry without an error", () => {
  const { log, entries } = start();
  for (let n = 0; n < 3; n++) {
    log.error("Request failed", { error: new Error("own fault") });
    log.info("Succeeded");
  }
  expect(entries()).toHaveLength(6);
});

it("writes every entry of a run's log", () => {
  const { log, entries } = start();
  for (const run of ["one", "two"]) log.with({ run }).warn("Failed; will retry", { error: new Gone() });
  expect(entries()).toMatchObject([{ run: "one" }, { run: "two" }]);
});
