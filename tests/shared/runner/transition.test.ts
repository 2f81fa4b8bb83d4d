import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AttemptError } from "#data/platform/platform-schema.ts";
import type { ErrorClass } from "#jobs/error-class.ts";
import { exponential, linear, noRetries, type RetryPolicy } from "#jobs/retry.ts";
import type { OpenEnding } from "#runner/ending.ts";
import { legalMoves } from "#runner/run-states.ts";
import { transition } from "#runner/transition.ts";
import { anError } from "#support/factories.ts";

const now = new Date("2026-03-10T12:00:00Z");
const startedAt = new Date(now.getTime() - 4_200);
const failure = (errorClass: ErrorClass, retryAfterMs?: number) =>
  Object.assign(new Error("sample"), { errorClass, ...(retryAfterMs !== undefined && { retryAfterMs }) });
const threw = (errorClass: ErrorClass, retryAfterMs?: number): OpenEnding => ({
  kind: "threw",
  error: failure(errorClass, retryAfterMs),
});
const returned: OpenEnding = { kind: "returned", result: { rows: 3 }, itemFailures: [], itemFailureCount: 0 };
const cancelled: OpenEnding = { kind: "cancelled", reason: "nothing left to do" };
const snoozed: OpenEnding = { kind: "snoozed", delayMs: 600_000, reason: "not there yet" };
const interrupted: OpenEnding = { kind: "interrupted" };
const blocked: OpenEnding = { kind: "blocked", code: "write-disabled", reason: "writing is switched off (all)" };

interface Situation {
  attempt?: number;
  maxAttempts?: number;
  failures?: number;
  retry?: RetryPolicy;
  random?: number;
}
function move(
  ending: OpenEnding,
  { attempt = 1, maxAttempts = 4, failures = attempt - 1, retry = exponential(), random = 0.5 }: Situation = {},
) {
  const errors = Array.from({ length: failures }, () => anError());
  return transition(ending, { run: { attempt, maxAttempts, startedAt, errors }, retry, now, random });
}
const waitOf = (finish: ReturnType<typeof move>) => (finish.notBefore?.getTime() ?? NaN) - now.getTime();

const POLICIES = {
  exponential: exponential({ first: "10s", max: "1m" }),
  linear: linear({ retries: 3, delay: "30s" }),
  never: noRetries,
};

describe("every ending, by policy, with and without attempts left", () => {
  // At the share 0.5 an exponential first delay of 10 s is 5.5 s, the third 22 s.
  it.each([
    ["returned", returned, "exponential", 1, 4, "succeeded", null],
    ["returned", returned, "linear", 4, 4, "succeeded", null],
    ["returned", returned, "never", 1, 1, "succeeded", null],
    ["cancelled", cancelled, "exponential", 1, 4, "cancelled", null],
    ["cancelled", cancelled, "linear", 4, 4, "cancelled", null],
    ["cancelled", cancelled, "never", 1, 1, "cancelled", null],
    ["snoozed", snoozed, "exponential", 1, 4, "retrying", 600_000],
    ["snoozed", snoozed, "linear", 4, 4, "retrying", 600_000],
    ["snoozed", snoozed, "never", 1, 1, "retrying", 600_000],
    ["interrupted", interrupted, "exponential", 1, 4, "retrying", 0],
    ["interrupted", interrupted, "linear", 4, 4, "retrying", 0],
    ["interrupted", interrupted, "never", 1, 1, "retrying", 0],
    ["blocked", blocked, "exponential", 1, 4, "retrying", 0],
    ["blocked", blocked, "linear", 4, 4, "retrying", 0],
    ["blocked", blocked, "never", 1, 1, "retrying", 0],
    ["transient", threw("transient"), "exponential", 1, 4, "retrying", 5_500],
    ["transient", threw("transient"), "exponential", 3, 4, "retrying", 22_000],
    ["transient", threw("transient"), "linear", 1, 4, "retrying", 30_000],
    ["transient", threw("transient"), "linear", 4, 4, "dead", null],
    ["transient", threw("transient"), "never", 1, 1, "dead", null],
    ["unknown", threw("unknown"), "exponential", 1, 4, "retrying", 5_500],
    ["unknown", threw("unknown"), "linear", 4, 4, "dead", null],
    ["unknown", threw("unknown"), "never", 1, 1, "dead", null],
    ["rate limited", threw("rate_limited"), "exponential", 1, 4, "retrying", 5_500],
    ["rate limited for long", threw("rate_limited", 900_000), "exponential", 1, 4, "retrying", 900_000],
    ["rate limited for a moment", threw("rate_limited", 10), "linear", 1, 4, "retrying", 30_000],
    ["rate limited", threw("rate_limited", 900_000), "linear", 4, 4, "dead", null],
    ["auth", threw("auth"), "exponential", 1, 4, "dead", null],
    ["auth", threw("auth"), "linear", 1, 4, "dead", null],
    ["auth", threw("auth"), "never", 1, 1, "dead", null],
    ["validation", threw("validation"), "exponential", 1, 4, "dead", null],
    ["validation", threw("validation"), "linear", 1, 4, "dead", null],
    ["validation", threw("validation", 900_000), "never", 1, 1, "dead", null],
  ] as const)("%s (%o) under %s, attempt %d of %d, is %s", (_, ending, policy, attempt, maxAttempts, state, wait) => {
    const finish = move(ending, { attempt, maxAttempts, retry: POLICIES[policy] });
    expect(finish.state).toBe(state);
    expect(finish.notBefore ? waitOf(finish) : null).toBe(wait);
    expect(finish.finishedAt ?? null).toEqual(state === "retrying" ? null : now);
  });
});

describe("what is kept", () => {
  it("of success: result, items, how long it took", () => {
    const failed = { key: "a", class: "validation", reason: "is odd" };
    expect(move({ ...returned, itemFailures: [failed], itemFailureCount: 7 })).toMatchObject({
      state: "succeeded",
      result: { rows: 3 },
      itemFailures: [failed],
      itemFailureCount: 7,
      durationMs: 4_200,
    });
    expect(move(returned)).not.toHaveProperty("itemFailures");
  });

  it("of a result that is no JSON: the part that the database can store", () => {
    const result = { big: 10n, note: "a\0b", self: null as unknown };
    result.self = result;
    expect(move({ ...returned, result })).toMatchObject({
      result: { big: 10, note: "a\uFFFDb", self: "[circular]" },
    });
    expect(move({ ...returned, result: [1] as never })).toMatchObject({ result: { value: [1] } });
  });

  it("of a failure: the error with class, message and stack, and the items before it", () => {
    const error = failure("auth");
    const failed = { key: "a", class: "auth", reason: "no" };
    expect(move({ kind: "threw", error, itemFailures: [failed], itemFailureCount: 2 }, { attempt: 2 })).toMatchObject({
      error: { attempt: 2, at: now.toISOString(), class: "auth", name: "Error", message: "sample", stack: error.stack },
      itemFailures: [failed],
      itemFailureCount: 2,
    });
    expect(move(threw("auth"))).not.toHaveProperty("itemFailures");
  });

  it("of a requeued run: the reason, for a person and for machines; a failure clears it", () => {
    expect(move(snoozed)).toMatchObject({ reason: "not there yet", reasonCode: "snoozed" });
    expect(move({ ...snoozed, reason: "" }).reason).toBe("the job asked to be run later");
    expect(move(interrupted)).toMatchObject({ reasonCode: "interrupted" });
    expect(move(blocked)).toMatchObject({ reasonCode: blocked.code, reason: blocked.reason, maxAttempts: 5 });
    expect(move(cancelled)).toMatchObject({ reason: "nothing left to do", reasonCode: "cancelled" });
    expect(move({ ...cancelled, reason: "" }).reason).toBe("no reason was given");
    expect(move(threw("transient"))).not.toHaveProperty("reason");
  });

  it("a clock that was set back makes no negative duration", () => {
    const run = { attempt: 1, maxAttempts: 1, startedAt: new Date(now.getTime() + 1), errors: [] };
    expect(transition(returned, { run, retry: noRetries, now, random: 0 }).durationMs).toBe(0);
    expect(
      transition(returned, { run: { ...run, startedAt: null }, retry: noRetries, now, random: 0 }).durationMs,
    ).toBeNull();
  });
});

it("a run that was snoozed many times does not wait longer after its first failure", () => {
  const policy = { retry: POLICIES.exponential, maxAttempts: 24, failures: 0 };
  expect(waitOf(move(threw("transient"), { ...policy, attempt: 21 }))).toBe(5_500);
});

it("an absurd wait is limited to what a Date can hold", () => {
  const year = 366 * 86_400_000;
  expect(waitOf(move(threw("rate_limited", Number.MAX_VALUE)))).toBe(year);
  expect(waitOf(move({ ...snoozed, delayMs: 1e18 }))).toBe(year);
});

describe("for any ending", () => {
  const classes = fc.constantFrom<ErrorClass>("transient", "rate_limited", "auth", "validation", "unknown");
  const ending = fc.oneof(
    fc.constantFrom(returned, cancelled, interrupted, blocked),
    fc.nat(1e9).map((delayMs): OpenEnding => ({ ...snoozed, delayMs })),
    fc
      .record({ of: classes, wait: fc.option(fc.double({ min: 0, max: 1e9, noNaN: true }), { nil: undefined }) })
      .map(({ of, wait }) => threw(of, wait)),
  );
  const policy = fc.constantFrom(...Object.values(POLICIES));
  const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

  it("every move of a running run is a legal one, and final states are final", () => {
    fc.assert(
      fc.property(
        ending,
        policy,
        random,
        fc.integer({ min: 1, max: 9 }),
        fc.nat(9),
        (how, retry, share, attempt, left) => {
          const { state } = move(how, { attempt, maxAttempts: attempt + left, retry, random: share });
          expect(legalMoves.running).toContain(state);
        },
      ),
    );
    for (const state of ["succeeded", "dead", "skipped", "cancelled"] as const) expect(legalMoves[state]).toEqual([]);
    expect(legalMoves.queued).not.toContain("succeeded");
    expect(legalMoves.retrying).not.toContain("dead");
  });

  it("a run ends, its attempts never exceed the limit, and it fails no more often than its policy says", () => {
    const retries = fc.integer({ min: 0, max: 6 });
    fc.assert(
      fc.property(fc.array(ending, { minLength: 1, maxLength: 40 }), retries, random, (endings, count, share) => {
        const errors: AttemptError[] = [];
        let [attempt, maxAttempts] = [0, count + 1];
        let pardons = 0;
        for (const how of endings) {
          attempt += 1;
          expect(attempt).toBeLessThanOrEqual(maxAttempts);
          const run = { attempt, maxAttempts, startedAt, errors };
          const finish = transition(how, { run, retry: POLICIES.exponential, now, random: share });
          if (finish.error) errors.push(finish.error);
          if (finish.state !== "retrying") break;
          if (how.kind !== "threw") pardons += 1;
          maxAttempts = finish.maxAttempts ?? NaN;
          expect(maxAttempts).toBe(count + 1 + pardons);
        }
        expect(errors.length).toBeLessThanOrEqual(count + 1);
      }),
    );
  });

  it("no retry is due before now, before its Retry-After or at a time that cannot be written", () => {
    fc.assert(
      fc.property(ending, policy, random, (how, retry, share) => {
        const finish = move(how, { retry, random: share });
        if (finish.state !== "retrying") return;
        const asked = how.kind === "threw" ? ((how.error as { retryAfterMs?: number }).retryAfterMs ?? 0) : 0;
        expect(waitOf(finish)).toBeGreaterThanOrEqual(asked);
        expect(finish.notBefore?.toISOString()).toMatch(/^20/);
      }),
    );
  });
});
