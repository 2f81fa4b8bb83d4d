import fc from "fast-check";
import { expect, test } from "vitest";
import { type Candidate, compareCandidates, fillBudget } from "#rules/tax-liens/fill-budget.ts";

const candidate = (lienId: number, dealScore: string, cost = "100.00", countyId = "a"): Candidate => ({
  lienId,
  dealScore,
  cost,
  countyId,
});
const filled = async (...given: Parameters<typeof fillBudget<Candidate>>) => {
  const deals: Candidate[] = [];
  for await (const deal of fillBudget(...given)) deals.push(deal);
  return deals;
};
const ids = (candidates: readonly Candidate[]) => candidates.map(({ lienId }) => lienId);

test("the higher score comes first, compared as a number; then the lower id", () => {
  const given = [candidate(4, "9.50"), candidate(3, "10.00"), candidate(2, "100.00"), candidate(1, "10")];
  expect(ids(given.toSorted(compareCandidates))).toEqual([2, 1, 3, 4]);
});

test("the budget is spent to the cent, and candidates that exceed it are skipped", async () => {
  const ranked = [candidate(1, "90", "60.00"), candidate(2, "80", "40.01"), candidate(3, "70", "40.00")];
  expect(ids(await filled(ranked, { budget: "100" }))).toEqual([1, 3]);
});

test("no candidate is read after the budget is spent", async () => {
  const asked: number[] = [];
  const ranked = (function* () {
    for (const one of [candidate(1, "90", "60"), candidate(2, "80", "30"), candidate(3, "70", "20")]) {
      asked.push(one.lienId);
      yield one;
    }
  })();
  expect(ids(await filled(ranked, { budget: "100" }, "20"))).toEqual([1, 2]);
  expect(asked).toEqual([1, 2]);
});

test("no county gets more than its share of the budget", async () => {
  const ranked = [
    ...[candidate(1, "90", "50", "a"), candidate(2, "80", "50", "a")],
    ...[candidate(3, "70", "40", "b"), candidate(4, "60", "10", "b"), candidate(5, "50", "1", "b")],
  ];
  expect(ids(await filled(ranked, { budget: "100", maxCountyShare: 0.5 }))).toEqual([1, 3, 4]);
});

test("maxDeals limits the number of deals", async () => {
  const ranked = [candidate(1, "90"), candidate(2, "80"), candidate(3, "70")];
  expect(ids(await filled(ranked, { budget: "1000", maxDeals: 2 }))).toEqual([1, 2]);
});

test("the candidates left out are counted by their limit, and the limit that ended the selection is named", async () => {
  const skippedOf = async (...given: Parameters<typeof fillBudget<Candidate>>) => {
    const filling = fillBudget(...given);
    let next = await filling.next();
    while (!next.done) next = await filling.next();
    return next.value;
  };
  const ranked = [
    ...[candidate(1, "90", "60", "a"), candidate(2, "80", "50", "b"), candidate(3, "70", "10", "a")],
    ...[candidate(4, "60", "10", "b"), candidate(5, "50", "10", "b")],
  ];
  const limits = { budget: "100", maxCountyShare: 0.6 };
  expect(await skippedOf(ranked, limits)).toEqual({ budget: 1, maxCountyShare: 1, endedBy: null });
  expect(await skippedOf(ranked, { ...limits, maxDeals: 2 })).toMatchObject({ endedBy: "maxDeals" });
  expect(await skippedOf(ranked, limits, "45")).toEqual({ budget: 0, maxCountyShare: 0, endedBy: "budget" });
});

test("for any candidates in any order, the deals are the same and within budget and shares", async () => {
  const any = fc.array(
    fc.record({
      dealScore: fc.integer({ min: 0, max: 20 }).map(String),
      cost: fc.integer({ min: 1, max: 50_000 }).map((cents) => (cents / 100).toFixed(2)),
      countyId: fc.constantFrom("a", "b", "c"),
    }),
    { maxLength: 60 },
  );
  const cents = (candidates: readonly Candidate[]) =>
    candidates.reduce((total, { cost }) => total + Math.round(Number(cost) * 100), 0);
  await fc.assert(
    fc.asyncProperty(any, fc.integer({ min: 1, max: 3_000 }), async (given, budget) => {
      const candidates = given.map((one, lienId) => ({ ...one, lienId }));
      const limits = { budget: String(budget), maxCountyShare: 0.5 };
      const deals = await filled(candidates.toSorted(compareCandidates), limits);
      const again = await filled(candidates.toReversed().toSorted(compareCandidates), limits);
      expect(ids(again)).toEqual(ids(deals));
      expect(cents(deals)).toBeLessThanOrEqual(budget * 100);
      for (const county of ["a", "b", "c"]) {
        expect(cents(deals.filter(({ countyId }) => countyId === county))).toBeLessThanOrEqual(budget * 50);
      }
    }),
  );
});
