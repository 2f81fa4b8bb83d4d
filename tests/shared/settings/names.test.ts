import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { readConfig, SETTINGS } from "#settings/config.ts";

const root = join(import.meta.dirname, "../../..");
const DATABASE_URL = "postgres://rota@127.0.0.1/rota";

describe("names in the code", async () => {
  const files = new Map<string, string>();
  for await (const file of glob(["functions/**/*.ts", "shared/**/*.ts"], { cwd: root })) {
    files.set(file.replaceAll("\\", "/"), await readFile(join(root, file), "utf8"));
  }
  const outsideSettings = [...files].filter(([file]) => !file.startsWith("shared/settings/")).map(([, text]) => text);
  // Read by the cross-checks, or by the platform that starts the app.
  const readInSettings = new Set(["ROTA_OPERATOR_KEY", "ROTA_VIEWER_KEY"]);

  it.each(Object.keys(SETTINGS).filter((name) => !readInSettings.has(name)))("the app reads the setting %s", (name) => {
    const use = new RegExp(`\\b${name}\\b`);
    expect(outsideSettings.some((text) => use.test(text))).toBe(true);
  });

  it("a job that another one starts or that a text in the app names exists", () => {
    const ids = new Set(jobs.map(({ id }) => id));
    const started = [...files].flatMap(([file, text]) =>
      [
        ...text.matchAll(
          /\b(?:enqueue|enqueueAll|enqueueChild|enqueueChildren)\(\s*tx,\s*"([a-z_]+)"|\bthen: \["([a-z_]+)"/g,
        ),
      ].map(([, first, second]) => ({ file, id: first ?? second ?? "" })),
    );
    expect(started.length).toBeGreaterThan(0);
    expect(started.filter(({ id }) => !ids.has(id))).toEqual([]);
  });
});

describe("a job with a former id", () => {
  const job = { id: "dispatch_overdue_runs", formerIds: ["publish_outbox"] };

  it("reads its settings under the former names as well", () => {
    const { jobs: overrides } = readConfig({ DATABASE_URL, PUBLISH_OUTBOX_ENABLED: "false" }, [job]);
    expect(overrides.get("dispatch_overdue_runs")).toEqual({ enabled: false });
  });

  it("prefers its own names", () => {
    const env = { DATABASE_URL, PUBLISH_OUTBOX_MAX_RETRIES: "1", DISPATCH_OVERDUE_RUNS_MAX_RETRIES: "2" };
    expect(readConfig(env, [job]).jobs.get("dispatch_overdue_runs")).toEqual({ maxRetries: 2 });
  });

  it("names the former setting when its value is wrong", () => {
    const env = { DATABASE_URL, PUBLISH_OUTBOX_SCHEDULE: "0 16 * * *" };
    expect(() => readConfig(env, [job])).toThrow(/_SCHEDULE: expected six fields/);
  });
});

describe("a job with a shared time zone", () => {
  const job = { id: "ingest_county_liens", zoneSetting: "TAX_LIENS_TIME_ZONE" };

  it("runs in the zone that the shared setting names", () => {
    const env = { DATABASE_URL, TAX_LIENS_TIME_ZONE: "America/Denver" };
    expect(readConfig(env, [job]).jobs.get("ingest_county_liens")).toEqual({ timeZone: "America/Denver" });
  });

  it("prefers a zone of its own", () => {
    const env = { DATABASE_URL, TAX_LIENS_TIME_ZONE: "America/Denver", INGEST_COUNTY_LIENS_TIME_ZONE: "UTC" };
    expect(readConfig(env, [job]).jobs.get("ingest_county_liens")).toEqual({ timeZone: "UTC" });
  });

  it("keeps the zone of its file when the shared setting is absent", () => {
    expect(readConfig({ DATABASE_URL }, [job]).jobs.get("ingest_county_liens")).toEqual({});
  });
});
