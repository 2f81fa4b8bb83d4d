import { describe, expect, expectTypeOf, it } from "vitest";
import { type Config, ConfigError, readConfig, SETTINGS } from "#settings/config.ts";
import { type Environment, environment } from "#settings/environment.ts";
import { jobSettingNames } from "#settings/job-settings.ts";

const DATABASE_URL = "postgres://rota:hunter2@db.example.test/rota";
const faultsOf = (env: Environment, jobIds: readonly string[] = []): readonly string[] => {
  try {
    readConfig(
      env,
      jobIds.map((id) => ({ id })),
    );
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).faults;
  }
  return [];
};

describe("settings that are right", () => {
  it("need nothing but a database; the rest has defaults that are right themselves", () => {
    expect(readConfig({ DATABASE_URL })).toMatchObject({
      DATABASE_URL,
      DATABASE_POOL_MAX: 2,
      JOB_LEASE: 60_000,
      JOB_HEARTBEAT: 10_000,
      LOG_LEVEL: "info",
      ALLOW_INTERNET_SYNC: true,
      FX_PROVIDERS: ["ecb", "frankfurter"],
      LOG_FORMAT: undefined,
      jobs: new Map(),
    });
  });

  it("are their defaults where they are empty, and read without the spaces around them", () => {
    expect(readConfig({ DATABASE_URL: ` ${DATABASE_URL} `, JOB_LEASE: "", LOG_LEVEL: " warn " })).toMatchObject({
      DATABASE_URL,
      JOB_LEASE: 60_000,
      LOG_LEVEL: "warn",
    });
  });

  it("have their types", () => {
    expectTypeOf<Config["DATABASE_POOL_MAX"]>().toBeNumber();
    expectTypeOf<Config["LOG_LEVEL"]>().toEqualTypeOf<"debug" | "info" | "warn" | "error">();
    expectTypeOf<Config["LOG_FORMAT"]>().toEqualTypeOf<"json" | "pretty" | undefined>();
    expectTypeOf<Config["DATABASE_TLS"]>().toEqualTypeOf<"disable" | "require" | "verify">();
  });

  it.each([
    ["postgres://a@localhost/b", "disable"],
    ["postgres://a@LOCALHOST:5432/b", "disable"],
    ["postgresql://a@127.0.0.1:5432/b", "disable"],
    ["postgres://a@127.8.0.1/b", "disable"],
    ["postgres://a@[::1]/b", "disable"],
    ["postgres://a@db.example.test/b", "verify"],
    ["postgres://a@127.0.0.1.example.test/b", "verify"],
    ["postgres://a@localhost.example.test/b", "verify"],
  ])("encrypt and verify the way to %s unless it is loopback", (url, tls) => {
    expect(readConfig({ DATABASE_URL: url }).DATABASE_TLS).toBe(tls);
    expect(readConfig({ DATABASE_URL: url, DATABASE_TLS: "require" }).DATABASE_TLS).toBe("require");
  });

  it("do not mind what else is in the environment", () => {
    expect(
      faultsOf({ DATABASE_URL, PATH: "/bin", WEBSITE_SITE_NAME: "rota", npm_config_loglevel: "x", DATABASE: "x" }),
    ).toEqual([]);
    expect(() => readConfig({ ...environment(), DATABASE_URL })).not.toThrow();
  });
});

describe("settings that are wrong", () => {
  it("are all reported at once, each with its name, what was expected and what was got", () => {
    const env = {
      DATABASE_POOL_MAX: "many",
      DATABASE_PREPARE: "perhaps",
      LOG_LEVEL: "loud",
      OUTBOUND_TIMEOUT: "30",
      FX_PROVIDERS: "ecb,imf",
      ECB_BASE_URL: "www.ecb.europa.eu",
      SYNC_RATES_MAX_RETRIES: "-1",
      SYNC_RATES_SCHEDULE: "0 16 * * *",
      SYNC_RATES_TIME_ZONE: "Berlin",
    };
    const faults = faultsOf(env, ["sync_rates"]);
    expect(faults.map((fault) => fault.split(/[: ]/)[0]).sort()).toEqual(["DATABASE_URL", ...Object.keys(env)].sort());
    expect(faults).toContain('DATABASE_POOL_MAX: expected a whole number from 1 to 100, got "many"');
    expect(faults).toContain('LOG_LEVEL: expected one of debug, info, warn, error, got "loud"');
    expect(faults).toContain("DATABASE_URL is missing: set it to postgres://user:password@host/database");
    expect(faults.find((fault) => fault.startsWith("SYNC_RATES_SCHEDULE"))).toMatch(
      /expected six fields .* got 5 .*did you mean "0 0 16 \* \* \*"/,
    );
    expect(faults.find((fault) => fault.startsWith("SYNC_RATES_TIME_ZONE"))).toMatch(
      /expected an IANA time zone .* did you mean "Europe\/Berlin"/,
    );
  });

  it("a schedule for a job that has none is named, not ignored", () => {
    const env = {
      DATABASE_URL: "postgres://u@127.0.0.1/db",
      SYNC_RATES_SCHEDULE: "0 0 6 * * *",
      SYNC_RATES_TIME_ZONE: "UTC",
    };
    const fault = (name: string) => `${name}: sync_rates has no schedule and runs on request only; remove the setting`;
    expect(() => readConfig(env, [{ id: "sync_rates", isScheduled: false }])).toThrow(
      expect.objectContaining({ faults: [fault("SYNC_RATES_SCHEDULE"), fault("SYNC_RATES_TIME_ZONE")] }) as Error,
    );
    expect(readConfig(env, [{ id: "sync_rates" }]).jobs.get("sync_rates")).toMatchObject({ schedule: "0 0 6 * * *" });
  });

  it("come as one error whose message has every fault", () => {
    const read = () => readConfig({ LOG_LEVEL: "loud" });
    expect(read).toThrow(/^2 settings are wrong:\n {2}- LOG_LEVEL: .*\n {2}- DATABASE_URL is missing/);
    expect(() => readConfig({ DATABASE_URL, LOG_LEVEL: "loud" })).toThrow(/^LOG_LEVEL: /);
  });

  it.each(["mysql://rota:hunter2@db/rota", "hunter2", "postgres:hunter2"])("never show a secret such as %s", (url) => {
    const [fault, ...others] = faultsOf({ DATABASE_URL: url });
    expect(others).toEqual([]);
    expect(fault).toMatch(/^DATABASE_URL: expected an address that begins with postgres:\/\/ or postgresql:\/\//);
    expect(fault).not.toContain("hunter2");
  });

  it.each([
    [{ JOB_LEASE: "20s" }, "JOB_HEARTBEAT: expected at most a third of JOB_LEASE, which is 20 s, got 10 s"],
    [{ JOB_HEARTBEAT: "25s" }, "JOB_HEARTBEAT: expected at most a third of JOB_LEASE, which is 1 min, got 25 s"],
  ])("are those whose heartbeat comes too seldom for the lease: %o", (env, fault) => {
    expect(faultsOf({ DATABASE_URL, ...env })).toEqual([fault]);
    expect(faultsOf({ DATABASE_URL, JOB_LEASE: "45s" })).toEqual([]);
  });

  it.each(["JOB_LEASE", "JOB_HEARTBEAT", "DATABASE_IDLE_TIMEOUT", "OUTBOUND_TIMEOUT"])(
    "are those that a timer cannot hold: %s",
    (name) => {
      for (const written of ["0s", "40d"]) {
        expect(
          faultsOf({ DATABASE_URL, [name]: written }).some((fault) => fault.startsWith(`${name}: expected a duration`)),
        ).toBe(true);
      }
    },
  );
});

describe("an unknown name", () => {
  it("is a fault when it resembles the name of a setting", () => {
    expect(faultsOf({ DATABASE_URL, LOG_LEVL: "debug" })).toEqual([
      "LOG_LEVL: no such setting; did you mean LOG_LEVEL?",
    ]);
    expect(faultsOf({ DATABASE_URL, SYNC_RATES_SHEDULE: "x" }, ["sync_rates"])).toEqual([
      "SYNC_RATES_SHEDULE: no such setting; did you mean SYNC_RATES_SCHEDULE?",
    ]);
  });

  it("is accepted when that setting is set as well", () => {
    expect(faultsOf({ DATABASE_URL, LOG_LEVEL: "debug", LOG_LEVELS: "all" })).toEqual([]);
  });
});

describe("the settings of a job", () => {
  const jobs = ["sync_rates", "send_mail"];

  it("follow from its id", () => {
    expect(jobSettingNames("sync_rates")).toEqual({
      schedule: "SYNC_RATES_SCHEDULE",
      timeZone: "SYNC_RATES_TIME_ZONE",
      enabled: "SYNC_RATES_ENABLED",
      maxRetries: "SYNC_RATES_MAX_RETRIES",
    });
  });

  it("are read for each job, and absent where the environment sets none", () => {
    const env = {
      DATABASE_URL,
      SYNC_RATES_SCHEDULE: "0 0 6 * * *",
      SYNC_RATES_TIME_ZONE: "UTC",
      SYNC_RATES_ENABLED: "false",
      SYNC_RATES_MAX_RETRIES: "0",
      SEND_MAIL_ENABLED: "",
    };
    expect(
      readConfig(
        env,
        jobs.map((id) => ({ id })),
      ).jobs,
    ).toEqual(
      new Map([
        ["sync_rates", { schedule: "0 0 6 * * *", timeZone: "UTC", enabled: false, maxRetries: 0 }],
        ["send_mail", {}],
      ]),
    );
  });

  it("collide with no other setting", () => {
    const names = Object.keys(SETTINGS);
    expect(jobs.flatMap((id) => Object.values(jobSettingNames(id))).filter((name) => names.includes(name))).toEqual([]);
  });
});

it("a provider of prices that needs a key has to have one", () => {
  const env = {
    DATABASE_URL: "postgres://rota@127.0.0.1/rota",
    ETF_PROVIDERS: "yahoo,stooq,twelve-data",
    STOOQ_KEY: "k",
  };
  expect(() => readConfig(env)).toThrow("TWELVE_DATA_KEY is missing: ETF_PROVIDERS names twelve-data");
  expect(readConfig({ ...env, TWELVE_DATA_KEY: "k" }).ETF_PROVIDERS).toEqual(["yahoo", "stooq", "twelve-data"]);
});

it("every setting says what it means in a sentence", () => {
  for (const [name, { about }] of Object.entries(SETTINGS)) expect(about, name).toMatch(/^\S.{10,}\.$/s);
});
