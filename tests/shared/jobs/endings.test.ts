import { expect, it } from "vitest";
import { Cancel, CancelRequested, Interrupted, InvalidInput, LeaseLost, RunTimeout, Snooze } from "#jobs/endings.ts";
import { classify } from "#jobs/error-class.ts";

it.each([
  [new Cancel("done with it"), "Cancel"],
  [new Snooze("10m", "not there yet"), "Snooze"],
  [new LeaseLost("a-run"), "LeaseLost"],
  [new RunTimeout("too long"), "RunTimeout"],
  [new Interrupted("stopping"), "Interrupted"],
  [new CancelRequested("on request"), "CancelRequested"],
  [new InvalidInput([{ field: "n", reason: "is odd" }]), "InvalidInput"],
])("%s is an Error with its name", (ending, name) => {
  expect(ending).toBeInstanceOf(Error);
  expect(ending.name).toBe(name);
  expect(ending.stack).toContain(ending.message);
});

it("Snooze has its delay, and refuses one without a unit", () => {
  expect(new Snooze("10m", "later").delayMs).toBe(600_000);
  expect(() => new Snooze("10" as "10m", "later")).toThrow(/expected a duration/);
});

it("a timeout is transient, an invalid input is not retried", () => {
  expect(classify(new RunTimeout("too long"))).toBe("transient");
  expect(classify(new InvalidInput([{ field: "n", reason: "is odd" }]))).toBe("validation");
});
