import { describe, expect, it } from "vitest";
import { jsonLines, Log, type LogEntry } from "#telemetry/log.ts";

function start(options?: ConstructorParameters<typeof Log>[1]) {
  const entries: LogEntry[] = [];
  return { log: new Log((entry) => entries.push(entry), options), entries };
}

describe("a log", () => {
  it("passes each entry to its sink: time, level, message and fields", () => {
    const { log, entries } = start();
    log.info("Succeeded", { inserted: 230_000 });
    expect(entries).toEqual([
      { time: expect.any(String) as string, level: "info", message: "Succeeded", fields: { inserted: 230_000 } },
    ]);
    expect(new Date(entries[0]?.time ?? "").toISOString()).toBe(entries[0]?.time);
  });

  it.each([
    ["debug", ["debug", "info", "warn", "error"]],
    ["info", ["info", "warn", "error"]],
    ["warn", ["warn", "error"]],
    ["error", ["error"]],
  ] as const)("of level %s writes %j", (level, written) => {
    const { log, entries } = start({ level });
    for (const name of ["debug", "info", "warn", "error"] as const) log[name]("sample");
    expect(entries.map((entry) => entry.level)).toEqual(written);
  });

  it("does not read the fields of entries below its level", () => {
    const { log } = start({ level: "warn" });
    const fields = {
      get costly(): never {
        throw new Error("it was looked at");
      },
    };
    expect(() => {
      log.debug("sample", fields);
    }).not.toThrow();
  });

  it("adds its bound fields to every entry, and leaves out undefined ones", () => {
    const { log, entries } = start({ fields: { app: "rota" } });
    const bound = log.with({ job: "sync", attempt: 1 }).with({ attempt: 2 });
    bound.warn("sample", { job: "other", gone: undefined });
    log.info("sample");
    expect(entries.map(({ fields }) => fields)).toEqual([{ app: "rota", job: "other", attempt: 2 }, { app: "rota" }]);
  });

  it("redacts its bound fields too", () => {
    const { log, entries } = start({ fields: { token: "hunter2" } });
    log.with({ url: "https://a:hunter2@example.test" }).info("sample");
    expect(JSON.stringify(entries)).not.toContain("hunter2");
  });

  it("does not throw when the sink fails", () => {
    const log = new Log(() => {
      throw new Error("EPIPE");
    });
    expect(() => {
      log.error("sample");
    }).not.toThrow();
  });
});

describe("a JSON line", () => {
  const lineOf = (message: string, fields: Record<string, unknown>) => {
    const lines: string[] = [];
    new Log(jsonLines((line) => lines.push(line))).info(message, fields);
    return lines.join("");
  };

  it("is one JSON object that begins with time, level and message, then its fields in order", () => {
    const line = lineOf("Started\nnow", { job: "sync", run: "a-run", slot: new Date(0) });
    expect(line.match(/\n/g)).toHaveLength(1);
    expect(Object.keys(JSON.parse(line) as object)).toEqual(["time", "level", "message", "job", "run", "slot"]);
  });

  it("keeps a field with a reserved name", () => {
    expect(JSON.parse(lineOf("Ended", { message: "from the job", level: 3, time: "noon" }))).toMatchObject({
      level: "info",
      message: "Ended",
      message_: "from the job",
      level_: 3,
      time_: "noon",
    });
  });
});
