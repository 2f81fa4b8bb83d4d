import { expect, test } from "vitest";
import {
  runProgressed,
  runProgressedSchema,
  runReferenceOf,
  runStateChanged,
  runStateChangedSchema,
} from "#realtime/job-events.ts";
import { note, NOW, progress, runRow, stateChange } from "./sample-events.ts";

test("a state change has the run's state and times, and neither its input nor its result", () => {
  const row = { ...runRow(7, { state: "dead", finishedAt: NOW, durationMs: 5 }), input: { secret: 1 }, result: {} };
  const event = runStateChanged(row, NOW);
  expect(runStateChangedSchema.parse(event)).toEqual(event);
  expect(event).toMatchObject({ channel: "jobs", type: "run.state_changed", data: { runId: row.id, state: "dead" } });
  expect(event.data).not.toHaveProperty("input");
  expect(event.data).not.toHaveProperty("result");
});

test("progress fits its schema, with and without total and note", () => {
  for (const event of [progress(3), progress(3, 1, { total: 10, note: "Travis" })]) {
    expect(runProgressedSchema.parse(event)).toEqual(event);
  }
});

test("a secret in a reason or a note is redacted", () => {
  const secret = "postgres://rota:hunter2hunter2@db/rota";
  const moved = runStateChanged(runRow(1, { reason: `no connection to ${secret}` }), NOW);
  const further = runProgressed(runRow(), { done: 1, note: secret }, NOW);
  expect(JSON.stringify([moved, further])).not.toContain("hunter2");
});

test("the run of an event is known only for events of the job layer", () => {
  expect(runReferenceOf(progress(1, 2))).toEqual({ runId: runRow(2).id, isProgress: true });
  expect(runReferenceOf(stateChange("succeeded", 2))).toEqual({ runId: runRow(2).id, isProgress: false });
  expect(runReferenceOf(note("a"))).toBeUndefined();
  expect(runReferenceOf({ ...progress(1), data: null })).toBeUndefined();
});
