import fc from "fast-check";
import { expect, it } from "vitest";
import { axisOf, seriesBy, type WindowName, WINDOWS } from "#operations/run-series.ts";

const names = Object.keys(WINDOWS) as WindowName[];

it("an axis ends with the point that contains now, and is as long as its window", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...names),
      fc.date({ min: new Date(0), max: new Date("2100-01-01"), noInvalidDate: true }),
      (window, now) => {
        const { from, bucketMs, count } = axisOf(window, now);
        const end = from.getTime() + bucketMs * count;
        expect(now.getTime()).toBeLessThan(end);
        expect(now.getTime()).toBeGreaterThanOrEqual(end - bucketMs);
        expect(bucketMs * count).toBe(WINDOWS[window].lengthMs);
        expect(count).toBeGreaterThanOrEqual(30);
        expect(count).toBeLessThanOrEqual(96);
      },
    ),
  );
});

it("rows of one point are summed, and a row outside the axis is ignored", () => {
  const row = { bucket: 1, runs: 2, succeeded: 1, dead: 1, skipped: 0, cancelled: 0, itemFailures: 4, family: "a" };
  const rows = [row, row, { ...row, bucket: 3 }];
  const series = seriesBy(rows, { count: 3, names: ["a", "b"], nameOf: ({ family }) => family });
  expect(series.a).toMatchObject({ runs: [0, 4, 0], itemFailures: [0, 8, 0] });
  expect(series.b!.runs).toEqual([0, 0, 0]);
});
