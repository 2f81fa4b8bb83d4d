import { expect, it } from "vitest";
import type { RunState } from "#data/platform/platform-schema.ts";
import { isDiscarded, isWaiting, legalMoves } from "#runner/run-states.ts";

const states = Object.keys(legalMoves) as RunState[];

it("runs that wait are those that a claim can start", () => {
  expect(states.filter(isWaiting)).toEqual(["queued", "retrying"]);
});

it("discarded runs are final and did not succeed", () => {
  expect(states.filter(isDiscarded)).toEqual(["dead", "skipped", "cancelled"]);
});

it("every state but the first can be reached, and only a running run can succeed, fail or be retried", () => {
  const reached = new Set(Object.values(legalMoves).flat());
  expect(states.filter((state) => !reached.has(state))).toEqual(["queued"]);
  for (const state of ["succeeded", "retrying", "dead"] as const) {
    expect(states.filter((from) => legalMoves[from].includes(state))).toEqual(["running"]);
  }
});
