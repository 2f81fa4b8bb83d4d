import { expect, it } from "vitest";
import { withinLimit } from "#functions/http/health/within-limit.ts";

it("work that ends in time gives its value or its error", async () => {
  await expect(withinLimit(Promise.resolve(7))).resolves.toBe(7);
  await expect(withinLimit(Promise.reject(new Error("its own")))).rejects.toThrow("its own");
});

it("work that does not end fails when the time is over", async () => {
  await expect(withinLimit(new Promise(() => undefined), 5)).rejects.toThrow("no answer within 0.005 s");
});

it("work that fails after the time is over leaves no unhandled rejection", async () => {
  const { promise, reject } = Promise.withResolvers<never>();
  const unhandled: unknown[] = [];
  const note = (error: unknown) => void unhandled.push(error);
  process.on("unhandledRejection", note);
  await expect(withinLimit(promise, 1)).rejects.toThrow("no answer");
  reject(new Error("late"));
  // Node reports unhandled rejections before the next turn.
  await new Promise(setImmediate);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
});
