import { expect, it } from "vitest";
import { z } from "zod";
import { catalogueOf, lazyCatalogue } from "#jobs/catalogue.ts";
import { defineJob } from "#jobs/define-job.ts";
import { manual } from "#jobs/triggers.ts";

const job = (id: string) =>
  defineJob({
    id,
    family: { id: "samples", title: "Samples" },
    summary: "A sample",
    on: manual,
    input: z.strictObject({}),
    run: async () => undefined,
  });

it("loads a job with its first use, and no other", async () => {
  const loaded: string[] = [];
  const loader = (id: string) => async () => {
    loaded.push(id);
    return job(id);
  };
  const catalogue = lazyCatalogue({ one: loader("one"), two: loader("two") });
  expect(catalogue.ids).toEqual(["one", "two"]);
  expect(loaded).toEqual([]);
  expect(await catalogue.find("two")).toMatchObject({ id: "two" });
  expect(loaded).toEqual(["two"]);
});

it.each(["three", "constructor", "__proto__", ""])("finds no job called %j", async (id) => {
  expect(await catalogueOf([job("one")]).find(id)).toBeUndefined();
});

it("has all jobs in their order", async () => {
  expect((await catalogueOf([job("b"), job("a")]).all()).map(({ id }) => id)).toEqual(["b", "a"]);
});

it("refuses two jobs with one id", () => {
  expect(() => catalogueOf([job("one"), job("two"), job("one")])).toThrow("two jobs have the id one");
});

it("reports a loader that returns another job, or none", async () => {
  const catalogue = lazyCatalogue({ one: async () => job("two"), none: async () => undefined as never });
  await expect(catalogue.find("one")).rejects.toThrow("the loader of job one returned job two");
  await expect(catalogue.find("none")).rejects.toThrow("the loader of job none returned nothing");
});
