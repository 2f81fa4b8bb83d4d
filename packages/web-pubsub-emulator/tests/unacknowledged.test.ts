import fc from "fast-check";
import { expect, test } from "vitest";
import { Message } from "../src/message.ts";
import { Unacknowledged } from "../src/unacknowledged.ts";

const message = (text: string, expiresAt?: number) => new Message({ dataType: "text", text }, {}, expiresAt);

test("whatever is added and acknowledged, what is pending is what came after the highest acknowledgement, in order", () => {
  const step = fc.oneof(
    fc.record({ add: fc.string({ maxLength: 5 }) }),
    fc.record({ acknowledge: fc.integer({ min: 0, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const held = new Unacknowledged();
      let expected: { sequenceId: number; text: string }[] = [];
      let last = 0;
      for (const each of steps) {
        if ("add" in each) {
          expect(held.add(message(each.add))).toBe(++last);
          expected.push({ sequenceId: last, text: each.add });
        } else {
          held.acknowledge(each.acknowledge);
          expected = expected.filter(({ sequenceId }) => sequenceId > each.acknowledge);
        }
        const pending = held.pending(0).map(({ sequenceId, message: { plain } }) => ({ sequenceId, text: plain }));
        expect(pending).toEqual(expected);
        expect(held.count).toBe(expected.length);
        expect(held.bytes).toBe(expected.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
      }
    }),
  );
});

test("a message whose time is over is not sent again", () => {
  const held = new Unacknowledged();
  held.add(message("short-lived", 1_000));
  held.add(message("lasting"));
  expect(held.pending(999)).toHaveLength(2);
  expect(held.pending(1_000).map(({ message: { plain } }) => plain)).toEqual(["lasting"]);
});
