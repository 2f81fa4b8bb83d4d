import { expect, it } from "vitest";
import { type HealthFacts, healthFindings } from "#rules/personal-ops/health-findings.ts";

const LIMITS = { freeDiskMb: 500, queueDepth: 100, waitMs: 600_000, failureRate: 0.1 };
const WELL: HealthFacts = {
  databaseMs: 5_000,
  openProviders: [],
  freeDiskMb: 500,
  queueDepth: 100,
  oldestWait: { jobId: "sync_notion", waitsMs: 600_000 },
  slowRuns: [],
  attempts: { total: 100, failed: 10 },
  newDeadLetters: 0,
};

it("finds nothing while every fact is at its limit", () => {
  expect(healthFindings(WELL, LIMITS)).toEqual([]);
});

it.each<[string, Partial<HealthFacts>, string, string]>([
  ["a slow database", { databaseMs: 5_001 }, "health_alert", "database"],
  [
    "a provider whose breaker is open",
    { openProviders: [{ provider: "notion", reason: "HTTP 503" }] },
    "health_alert",
    "provider notion",
  ],
  ["a full disk", { freeDiskMb: 499.9 }, "health_alert", "disk"],
  [
    "a run that waits too long",
    { oldestWait: { jobId: "sync_notion", waitsMs: 600_001 } },
    "health_alert",
    "waiting run",
  ],
  ["a slow run", { slowRuns: [{ jobId: "sync_notion", durationMs: 30_001 }] }, "slow_run", "sync_notion"],
  ["many failures", { attempts: { total: 100, failed: 11 } }, "failure_rate", "personal-ops"],
  ["a deep queue", { queueDepth: 101 }, "queue_depth", "personal-ops"],
  ["new dead letters", { newDeadLetters: 1 }, "dead_letters", "personal-ops"],
])("finds %s", (_, facts, type, key) => {
  expect(healthFindings({ ...WELL, ...facts }, LIMITS)).toMatchObject([{ type, key }]);
});

it("a few attempts have no failure rate", () => {
  expect(healthFindings({ ...WELL, attempts: { total: 9, failed: 9 } }, LIMITS)).toEqual([]);
});
