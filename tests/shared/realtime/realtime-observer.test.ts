import { expect, test } from "vitest";
import type { LiveEvent } from "#realtime/live-event.ts";
import { realtimeObserver } from "#realtime/realtime-observer.ts";
import { TestClock } from "#support/test-clock.ts";
import { runRow } from "./sample-events.ts";

function watched() {
  const sent: (readonly LiveEvent[])[] = [];
  return { sent, observer: realtimeObserver({ publish: async (events) => void sent.push(events) }, new TestClock()) };
}
const outside = {} as never;

test("state changes and progress of one statement are published together", () => {
  const { sent, observer } = watched();
  observer.stateChanged([runRow(1, { state: "succeeded" }), runRow(2, { state: "dead" })]);
  observer.progressed([{ run: runRow(3), progress: { done: 5, total: 9 } }]);
  expect(sent).toMatchObject([
    [{ data: { state: "succeeded" } }, { data: { state: "dead" } }],
    [{ type: "run.progressed", data: { done: 5, total: 9 } }],
  ]);
});

test("an event gets an id and the time of its publication", () => {
  const { sent, observer } = watched();
  observer.publish(outside, [{ channel: "liens:travis", type: "lien.redeemed", data: { lien: 7 } }]);
  expect(sent).toMatchObject([
    [{ channel: "liens:travis", type: "lien.redeemed", data: { lien: 7 }, time: "2026-03-10T12:00:00.000Z" }],
  ]);
});

test.each([
  [{ channel: "Liens", type: "lien.redeemed" }, "publish: channel: expected 1 to 128 of a-z"],
  [{ channel: "liens", type: "Lien redeemed" }, "publish: type: expected words of a-z"],
])("a wrong name is refused also without a service: %j", (event, fault) => {
  const observer = realtimeObserver(null, new TestClock());
  expect(() => {
    observer.publish(outside, [{ ...event, data: null }]);
  }).toThrow(fault);
});
