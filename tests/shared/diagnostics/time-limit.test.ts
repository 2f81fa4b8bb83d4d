import { expect, it } from "vitest";
import { withinTime } from "#diagnostics/time-limit.ts";

const late = () => new Error("too late");

it("work that ends in time gives its value or its error", async () => {
  await expect(withinTime(60_000, Promise.resolve(7), late)).resolves.toBe(7);
  await expect(withinTime(60_000, Promise.reject(new Error("its own")), late)).rejects.toThrow("its own");
});

it("work that takes longer fails with the error for it", async () => {
  await expect(withinTime(1, new Promise(() => undefined), late)).rejects.toThrow("too late");
});
