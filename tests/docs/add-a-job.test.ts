import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { Manifest } from "#azure/manifest.ts";
import { insertRates } from "#data/portfolio/exchange-rates.ts";
import type { Job } from "#jobs/job.ts";
import { migratedDatabase } from "#support/database.ts";
import { TestClock } from "#support/test-clock.ts";
import { startProcess } from "#support/test-process.ts";
import { blocksOf, type Document, document, ROOT } from "./markdown.ts";
import { copyProject, type ProjectCopy } from "./project-copy.ts";

let page: Document;
let project: ProjectCopy;
beforeAll(async () => {
  page = await document("docs/add-a-job.md");
  project = await copyProject();
  for (const block of blocksOf(page)) if (block.file) await project.put(block, block.file);
});
afterAll(() => project.remove());

it("the page's test passes with the page's job", async () => {
  const { CI: _ci, ...env } = process.env;
  const { code, output } = await project.node(
    [join(ROOT, "node_modules/vitest/vitest.mjs"), "run", "tests/functions"],
    { ...env, TEST_DATABASE_URL: inject("databaseServer"), NO_COLOR: "1" },
  );
  expect(output).toMatch(/Tests +4 passed \(4\)/);
  expect(code, output).toBe(0);
});

describe("the checks that the page names", () => {
  const settings = (...args: string[]) => project.node(["scripts/settings-example.ts", ...args]);
  const tool = (path: string, ...args: string[]) => project.node([join(ROOT, "node_modules", path), ...args]);
  const written = () => [...new Set(blocksOf(page).flatMap(({ file }) => file ?? []))];

  it("find the settings of the job missing until its command has written them", async () => {
    expect(page.text).toContain("\nnpm run settings\n");
    expect((await settings("--check")).output).toContain("docs/settings.md");
    expect(await settings()).toEqual({ code: 0, output: "" });
    expect(await settings("--check")).toEqual({ code: 0, output: "" });
  });

  it("find the page's files formatted and clean", async () => {
    const formatted = tool("prettier/bin/prettier.cjs", "--check", "--log-level", "warn", ...written());
    const linted = tool("eslint/bin/eslint.js", ...written());
    expect(await formatted).toEqual({ code: 0, output: "" });
    expect(await linted).toEqual({ code: 0, output: "" });
  });
});

it("the page's job is built and registered with the name and the UTC schedule of the page", async () => {
  const { code, output } = await project.node(["scripts/build.ts"]);
  expect(code, output).toBe(0);
  const manifest = JSON.parse(await readFile(join(project.directory, "dist/manifest.json"), "utf8")) as Manifest;
  const job = manifest.jobs.find(({ id }) => id === "check_fx_freshness");
  expect(page.text).toContain(`timer function \`${job?.functionName}\``);
  expect(page.text).toContain(`\`${job?.timer?.utc}\``);
});

it("the page's job with items counts their outcomes", async () => {
  const file = pathToFileURL(join(project.directory, "functions/portfolio/check-fx-currencies.ts"));
  const { checkFxCurrencies } = (await import(file.href)) as { checkFxCurrencies: Job };
  const database = await migratedDatabase();
  const app = startProcess(database.url, [checkFxCurrencies], { clock: new TestClock("2026-04-13T16:00:00Z") });
  try {
    const rateOn = (date: string, quote: string) => ({ date, rates: [{ quote, rate: "1.17" }] });
    await insertRates(
      app.db,
      [
        rateOn("2026-04-10", "USD"),
        rateOn("2026-04-10", "GBP"),
        rateOn("2026-01-02", "BGN"),
        rateOn("2008-12-31", "SKK"),
      ],
      "ecb",
    );
    const asked = { input: {}, trigger: "manual", requestedBy: "a test" } as const;
    const { id } = await app.enqueuer.enqueue(checkFxCurrencies, asked);
    expect(await app.runner.execute(id)).toMatchObject({ state: "succeeded", result: { fresh: 2, old: 1, ended: 1 } });
  } finally {
    await app.close();
    await database.drop();
  }
});
