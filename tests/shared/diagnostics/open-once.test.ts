import { expect, it } from "vitest";
import { openOnce } from "#diagnostics/open-once.ts";

it("opens at the first call, once for all calls", async () => {
  let opened = 0;
  const open = openOnce(async () => ++opened);
  expect(opened).toBe(0);
  expect(await Promise.all([open(), open()])).toEqual([1, 1]);
  expect(await open()).toBe(1);
});

it("shares a failure with the calls that wait, and opens again at the next one", async () => {
  let opened = 0;
  const open = openOnce(async () => {
    opened += 1;
    if (opened === 1) throw new Error("not yet");
    return opened;
  });
  const first = [open(), open()];
  await expect(first[0]).rejects.toThrow("not yet");
  await expect(first[1]).rejects.toThrow("not yet");
  expect(await open()).toBe(2);
});
