import fc from "fast-check";
import { expect, test } from "vitest";
import { RankedSet } from "../src/ranked-set.ts";

const step = fc.oneof(
  fc.record({ set: fc.nat(20), rank: fc.nat(10) }),
  fc.record({ delete: fc.nat(20) }),
  fc.record({ takeUpTo: fc.nat(10) }),
);

test("members come out by rank and, within a rank, in the order in which they were set", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
      const set = new RankedSet<number>();
      let model: { key: number; rank: number }[] = [];
      for (const one of steps) {
        if ("set" in one) {
          set.set(one.set, one.rank);
          model = [...model.filter(({ key }) => key !== one.set), { key: one.set, rank: one.rank }];
        } else if ("delete" in one) {
          set.delete(one.delete);
          model = model.filter(({ key }) => key !== one.delete);
        } else {
          const due = model.filter(({ rank }) => rank <= one.takeUpTo).sort((a, b) => a.rank - b.rank);
          expect(set.takeUpTo(one.takeUpTo)).toEqual(due.map(({ key }) => key));
          model = model.filter(({ rank }) => rank > one.takeUpTo);
        }
        const [first] = model.toSorted((a, b) => a.rank - b.rank);
        expect(set.size).toBe(model.length);
        expect(set.first()).toBe(first?.key);
        expect(set.firstRank()).toBe(first?.rank ?? Infinity);
      }
    }),
  );
});
