import { expect, it } from "vitest";
import {
  judgeBucket,
  judgeFailures,
  judgeResponse,
  judgeVolume,
  meanResponseMs,
  type WatchThresholds,
} from "#rules/personal-ops/watch-thresholds.ts";

const limits: WatchThresholds = {
  failures: 3,
  bucketInfo: 0.8,
  bucketWarn: 0.95,
  volumeFactor: 3,
  volumeLeast: 30,
  databaseMs: 1_000,
};
const severities = (found: readonly { severity: string }[]) => found.map(({ severity }) => severity);

it("three failures of an action are a warning, two are nothing", () => {
  const judge = (failures: number) => judgeFailures({ action: "sync_n8n", failures, error: "401" }, limits);
  expect(judge(2)).toEqual([]);
  expect(judge(3)).toMatchObject([{ key: "sync_n8n", severity: "WARN", detail: "The last failure: 401" }]);
});

it("a rate limit is reported from 80 % on, and is a warning from 95 % on", () => {
  const judge = (share: number) => severities(judgeBucket({ provider: "notion", name: "3/1s", share }, limits));
  expect([0.799, 0.8, 0.949, 0.95, 1.2].map(judge)).toEqual([[], ["INFO"], ["INFO"], ["WARN"], ["WARN"]]);
});

it("calls are reported from three times the usual number on, and are a warning from six times on", () => {
  const judge = (calls: number, weekly: number | null, daily: number | null) =>
    severities(judgeVolume({ provider: "notion", calls, weekly, daily }, limits));
  expect(judge(299, 100, 1)).toEqual([]);
  expect(judge(300, 100, 1)).toEqual(["INFO"]);
  expect(judge(600, 100, 1)).toEqual(["WARN"]);
  // Without the same hour of four weeks the day before counts.
  expect(judge(300, null, 100)).toEqual(["INFO"]);
  expect(judge(1_000, null, null)).toEqual([]);
  // Few calls are never unusual.
  expect(judge(29, 1, 1)).toEqual([]);
});

it("the mean response is that of the transactions since the last look", () => {
  const at = (minute: number) => new Date(minute * 60_000);
  const before = { at: at(0), activeMs: 1_000, transactions: 10 };
  const mean = (minute: number, activeMs: number, transactions: number) =>
    meanResponseMs(before, { at: at(minute), activeMs, transactions });
  expect(mean(5, 21_000, 20)).toBe(2_000);
  expect(judgeResponse(mean(5, 21_000, 20), limits)).toMatchObject([{ type: "slow_database", severity: "WARN" }]);
  expect(judgeResponse(mean(5, 11_000, 20), limits)).toEqual([]);
  // The counters were reset, no transaction ended, or the last look is too long ago.
  expect([mean(5, 0, 20), mean(5, 21_000, 10), mean(16, 21_000, 20)]).toEqual([null, null, null]);
  expect(meanResponseMs(undefined, before)).toBeNull();
  expect(judgeResponse(null, limits)).toEqual([]);
});
