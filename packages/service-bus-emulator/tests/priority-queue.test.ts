import fc from "fast-check";
import { expect, test } from "vitest";
import { PriorityQueue } from "../src/priority-queue.ts";

const step = fc.oneof(
  fc.record({ set: fc.nat(20), priority: fc.nat(10) }),
  fc.record({ delete: fc.nat(20) }),
  fc.record({ takeUpTo: fc.nat(10) }),
);

test("members come out by priority, and with equal priority in the order in which they were set", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const set = new PriorityQueue<number>();
      let model: { key: number; priority: number }[] = [];
      for (const one of steps) {
        if ("set" in one) {
          set.set(one.set, one.priority);
          model = [...model.filter(({ key }) => key !== one.set), { key: one.set, priority: one.priority }];
        } else if ("delete" in one) {
          set.delete(one.delete);
          model = model.filter(({ key }) => key !== one.delete);
        } else {
          const due = model.filter(({ priority }) => priority <= one.takeUpTo).sort((a, b) => a.priority - b.priority);
          expect(set.takeUpTo(one.takeUpTo)).toEqual(due.map(({ key }) => key));
          model = model.filter(({ priority }) => priority > one.takeUpTo);
        }
        const [first] = model.toSorted((a, b) => a.priority - b.priority);
        expect(set.size).toBe(model.length);
        expect(set.first()).toBe(first?.key);
        expect(set.lowestPriority()).toBe(first?.priority ?? Infinity);
      }
    }),
  );
});
