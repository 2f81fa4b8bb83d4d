import { describe, expect, it } from "vitest";
import { type JobFacts, type RunFacts, whyNotRunning } from "#operations/why-not-running.ts";
import { anError } from "#support/factories.ts";

const now = new Date("2026-03-10T12:00:00Z");
const minutes = (count: number) => new Date(now.getTime() + count * 60_000);
const facts: JobFacts = {
  now,
  enabled: true,
  enabledSetting: "SAMPLE_ENABLED",
  refusals: [],
  partialRefusals: [],
  pauses: [],
  schedule: { inWords: "every day at 16:30 Europe/Berlin", next: minutes(210) },
  clockFault: null,
  missingSlot: null,
  slotInFuture: null,
  running: [],
  waiting: [],
  last: null,
  parked: [],
  carrier: { name: "the Service Bus queue job-runs", trouble: null, undelivered: null },
};
const run: RunFacts = {
  id: "r1",
  state: "queued",
  attempt: 0,
  maxAttempts: 4,
  scheduledFor: null,
  notBefore: minutes(0),
  startedAt: null,
  finishedAt: null,
  heartbeatAt: null,
  leaseHolder: null,
  leaseExpiresAt: null,
  errors: [],
  reason: null,
  reasonCode: null,
  input: {},
  parentRunId: null,
};
const explain = (some: Partial<JobFacts>) => {
  const { verdict, sentences } = whyNotRunning({ ...facts, ...some });
  return { verdict, codes: sentences.map(({ code }) => code), text: sentences.map(({ text }) => text).join(" ") };
};

describe("why a job is not running", () => {
  it("waiting: its next slot is in the future", () => {
    expect(explain({})).toEqual({
      verdict: "waiting",
      codes: ["next-slot", "never-ended"],
      text: "Its next slot is 2026-03-10T15:30:00Z (in 3 h 30 min): every day at 16:30 Europe/Berlin. None of its runs has ended yet.",
    });
  });

  it("overdue: no timer has recorded its slot", () => {
    const { verdict, text } = explain({ missingSlot: minutes(-6) });
    expect(verdict).toBe("overdue");
    expect(text).toContain("Its slot of 2026-03-10T11:54:00Z (6 min ago) is not in the ledger");
  });

  it("the clock of this process is wrong", () => {
    const { codes, text } = explain({ clockFault: "The clock of this process is 2 h ahead of the database's clock" });
    expect(codes).toEqual(["clock-wrong", "next-slot", "never-ended"]);
    expect(text).toMatch(/^The clock of this process is 2 h ahead .*: its timers start no slots/);
    expect(explain({ clockFault: "The clock is wrong", schedule: null }).codes).not.toContain("clock-wrong");
  });

  it("the ledger has a slot that has not come yet", () => {
    expect(explain({ slotInFuture: minutes(60) }).text).toContain(
      "The ledger has its slot of 2026-03-10T13:00:00Z already (in 1 h): a process whose clock was ahead recorded it.",
    );
  });

  it("idle: it has no schedule and no run", () => {
    expect(explain({ schedule: null })).toMatchObject({ verdict: "idle", codes: ["on-request", "never-ended"] });
  });

  it("blocked: it is switched off, paused and behind a closed gate, with a sentence for each", () => {
    const pause = {
      scope: "family:samples" as const,
      reason: "audit",
      pausedBy: "ada",
      pausedAt: minutes(-60),
      until: minutes(30),
    };
    const refusals = [
      { code: "internet-sync-disabled", reason: "synchronisation is switched off" },
      { code: "paused", reason: "paused by ada: audit" },
    ];
    const { verdict, codes, text } = explain({ enabled: false, pauses: [pause], refusals });
    expect(verdict).toBe("blocked");
    expect(codes.slice(0, 3)).toEqual(["disabled", "paused", "internet-sync-disabled"]);
    expect(text).toContain("It is switched off: SAMPLE_ENABLED is false.");
    expect(text).toContain(
      "Its family samples was paused at 2026-03-10T11:00:00Z by ada, until 2026-03-10T12:30:00Z (in 30 min): audit.",
    );
  });

  it("blocked: it is paused, and a run waits for the end of the pause", () => {
    const pause = {
      scope: "job:sample" as const,
      reason: "audit",
      pausedBy: "ada",
      pausedAt: minutes(-60),
      until: null,
    };
    const { verdict, codes, text } = explain({ pauses: [pause], waiting: [{ ...run, notBefore: minutes(-3) }] });
    expect(verdict).toBe("blocked");
    expect(codes.slice(0, 2)).toEqual(["paused", "waiting-for-resume"]);
    expect(text).toContain("Run r1 waits until the pause ends.");
  });

  it("waiting, not overdue: some of its runs need a gate that is closed for them alone", () => {
    const partialRefusals = [{ code: "internet-sync-disabled", reason: "synchronisation is turned off" }];
    const held = { ...run, notBefore: minutes(-60), reasonCode: "internet-sync-disabled" };
    const { verdict, codes, text } = explain({ partialRefusals, waiting: [held, { ...held, id: "r2" }] });
    expect(verdict).toBe("waiting");
    expect(codes[0]).toBe("internet-sync-disabled");
    expect(text).toContain("2 of its runs wait until a gate opens: synchronisation is turned off.");
    expect(explain({ partialRefusals, waiting: [held, { ...run, notBefore: minutes(-3) }] }).verdict).toBe("overdue");
  });

  it("waiting: its next attempt, with the error of the last one", () => {
    const errors = [anError({ class: "rate_limited", message: "429 from the ECB." })];
    const waiting = [{ ...run, state: "retrying" as const, attempt: 1, notBefore: minutes(2), errors }];
    const { verdict, text } = explain({ waiting });
    expect(verdict).toBe("waiting");
    expect(text).toContain("Attempt 2 of 4 of run r1 is due at 2026-03-10T12:02:00Z (in 2 min).");
    expect(text).toContain("Its last attempt failed: rate_limited, 429 from the ECB.");
  });

  it("overdue: its message is lost, and dispatching fails", () => {
    const waiting = [{ ...run, notBefore: minutes(-3) }, run];
    const carrier = { name: "the queue", trouble: "ECONNREFUSED", undelivered: null };
    const { verdict, codes, text } = explain({ waiting, carrier });
    expect(verdict).toBe("overdue");
    expect(codes).toContain("carrier-trouble");
    expect(text).toContain("has been due for 3 min and no worker has claimed it");
    expect(text).toContain("1 more waits behind it.");
    const many = explain({ waiting: [run, run, run], moreWait: true });
    expect(many.text).toContain("At least 2 more wait behind it.");
  });

  it("overdue: its queue does not deliver", () => {
    const undelivered = "The queue job-runs does not deliver: run r1 has been due for 5 min";
    const carrier = { name: "the Service Bus queue job-runs", trouble: null, undelivered };
    const { codes, text } = explain({ waiting: [{ ...run, notBefore: minutes(-5) }], carrier });
    expect(codes).toContain("not-delivering");
    expect(text).toContain(`${undelivered}.`);
  });

  it("running: a switch is stopping it", () => {
    const running = [
      {
        ...run,
        state: "running" as const,
        attempt: 1,
        startedAt: minutes(-5),
        heartbeatAt: minutes(-1),
        leaseHolder: "vm-1:42",
        leaseExpiresAt: minutes(1),
        reason: "writing is switched off (all)",
        reasonCode: "write-disabled",
      },
    ];
    expect(explain({ running }).text).toContain("It is being stopped: writing is switched off (all).");
  });

  it("running: its lease has expired", () => {
    const running = [
      {
        ...run,
        state: "running" as const,
        attempt: 1,
        startedAt: minutes(-9),
        heartbeatAt: minutes(-5),
        leaseHolder: "host:7",
        leaseExpiresAt: minutes(-4),
      },
    ];
    const { verdict, text } = explain({ running });
    expect(verdict).toBe("running");
    expect(text).toContain("on host:7. Its lease has expired: its last heartbeat was 5 min ago; a rescue follows");
  });

  it("waiting: its last slot was skipped, with the reason", () => {
    const last = { ...run, state: "skipped" as const, finishedAt: minutes(-1), reason: "already running: run r0" };
    expect(explain({ last }).text).toContain(
      "Its last run ended skipped at 2026-03-10T11:59:00Z (1 min ago): already running: run r0.",
    );
  });
});
