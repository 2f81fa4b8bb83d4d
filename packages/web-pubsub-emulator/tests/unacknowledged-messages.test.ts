import fc from "fast-check";
import { expect, test } from "vitest";
import { Message } from "../src/message.ts";
import { UnacknowledgedMessages } from "../src/unacknowledged-messages.ts";

const message = (text: string, expiresAt?: number) => new Message({ dataType: "text", text }, {}, expiresAt);

test("the messages after the highest acknowledgement are pending, in order", () => {
  const step = fc.oneof(
    fc.record({ add: fc.string({ maxLength: 5 }) }),
    fc.record({ acknowledge: fc.integer({ min: 0, max: 40 }) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const messages = new UnacknowledgedMessages();
      let expected: { sequenceId: number; text: string }[] = [];
      let last = 0;
      for (const each of steps) {
        if ("add" in each) {
          expect(messages.add(message(each.add))).toBe(++last);
          expected.push({ sequenceId: last, text: each.add });
        } else {
          messages.acknowledge(each.acknowledge);
          expected = expected.filter(({ sequenceId }) => sequenceId > each.acknowledge);
        }
        const pending = messages.pending(0).map(({ sequenceId, message: { plain } }) => ({ sequenceId, text: plain }));
        expect(pending).toEqual(expected);
        expect(messages.count).toBe(expected.length);
        expect(messages.bytes).toBe(expected.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0));
      }
    }),
  );
});

test("an expired message is not pending", () => {
  const messages = new UnacknowledgedMessages();
  messages.add(message("short-lived", 1_000));
  messages.add(message("lasting"));
  expect(messages.pending(999)).toHaveLength(2);
  expect(messages.pending(1_000).map(({ message: { plain } }) => plain)).toEqual(["lasting"]);
});
