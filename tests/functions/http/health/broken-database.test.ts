import { describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { type App, openApp } from "#app";
import { findRun } from "#data/platform/job-runs.ts";
import { routes } from "#functions/index.ts";
import type { Reply } from "#http/route.ts";
import { serve } from "#http/serve.ts";
import { defineJob, manual } from "#jobs";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";
import { openDatabase } from "#support/database.ts";
import { type FaultyProxy, startFaultyProxy } from "#support/faulty-proxy.ts";
import type { LogEntry } from "#telemetry/log.ts";

const job = defineJob({
  id: "sample_job",
  family: { id: "samples", title: "Samples" },
  summary: "Does nothing",
  on: manual,
  input: z.strictObject({}),
  run: async () => ({}),
});

const { url, db } = await openDatabase();

interface Broken {
  readonly proxy: FaultyProxy;
  /** Reaches the database through the proxy. */
  readonly app: App;
  readonly log: readonly LogEntry[];
}

// These tests wait for limits: they run at the same time, each with an app of its own.
const test = it.extend<{ broken: Broken }>({
  broken: async ({ task: _ }, use) => {
    const proxy = await startFaultyProxy(url);
    const log: LogEntry[] = [];
    const env = { DATABASE_URL: proxy.url, DATABASE_CONNECT_TIMEOUT: "1s", DATABASE_SILENCE_TIMEOUT: "2s" };
    const app = openApp(readConfig(env, [job]), catalogueOf([job]), { sink: (entry) => log.push(entry) });
    await use({ proxy, app, log });
    proxy.set("pass");
    await app.close();
    await proxy.close();
  },
});

async function statusOf(app: App, path: string): Promise<number> {
  return (await answerOf(app, path)).status ?? 200;
}

async function answerOf(app: App, path: string, params: Record<string, string> = {}): Promise<Reply> {
  return serve(
    routes.filter((route) => route.path === path),
    {
      method: "GET",
      params,
      query: new URLSearchParams(),
      header: () => null,
      bytes: async () => new Uint8Array(),
    },
    async () => app,
  );
}
const health = (app: App) => Promise.all(["api/health/ready", "api/jobs/health"].map((path) => statusOf(app, path)));

describe.concurrent.each(["silent", "close", "reset"] as const)("while the database's connections are %s", (mode) => {
  test("health routes answer 503, and 200 after the network heals; runs that waited are executed then", async ({
    broken: { proxy, app },
  }) => {
    await vi.waitUntil(async () => (await health(app)).every((status) => status === 200), { timeout: 60_000 });
    const run = await db.transaction((tx) =>
      app.enqueuer.enqueueIn(tx, job, { input: {}, trigger: "manual", requestedBy: "a test" }),
    );
    proxy.set(mode);
    for (let n = 0; n < 3; n++) expect(await health(app)).toEqual([503, 503]);
    proxy.set("pass");
    await vi.waitUntil(async () => (await health(app)).every((status) => status === 200), { timeout: 60_000 });
    const ended = async () => {
      await app.runner.dispatchOverdueRuns();
      return (await findRun(db, run.id))?.state === "succeeded";
    };
    await vi.waitUntil(ended, { timeout: 120_000, interval: 500 });
  });

  test("`why` answers what is known without the database", async ({ broken: { proxy, app } }) => {
    await vi.waitUntil(async () => (await health(app)).every((status) => status === 200), { timeout: 60_000 });
    proxy.set(mode);
    const { status = 200, json } = await answerOf(app, "api/admin/jobs/{id}/why", { id: job.id });
    expect({ status, json }).toMatchObject({
      status: 200,
      json: { verdict: "blocked", sentences: [{ code: "database-unreachable" }, { code: "on-request" }] },
    });
  });

  test("requests that fail get few lines in the log, without their statements", async ({
    broken: { proxy, app, log },
  }) => {
    await vi.waitUntil(async () => (await health(app)).every((status) => status === 200), { timeout: 60_000 });
    proxy.set(mode);
    const statuses = await Promise.all(Array.from({ length: 30 }, () => statusOf(app, "api/admin/jobs")));
    expect(new Set(statuses)).toEqual(new Set([503]));
    const failed = log.filter(({ message }) => message === "Request failed");
    expect(failed.length).toBeGreaterThan(0);
    expect(failed.length).toBeLessThan(15);
    expect(JSON.stringify(log)).not.toMatch(/select |params:/i);
  });
});
