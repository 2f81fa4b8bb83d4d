import { describe, expect, it } from "vitest";
import { z } from "zod";
import { camelCase, manifestOf } from "#azure/manifest.ts";
import { defineRoute, type Route } from "#http/route.ts";
import { defineJob, event, type Job, manual } from "#jobs";
import { schedule } from "#schedule/index.ts";

const job = (id: string, on: ReturnType<typeof schedule> | typeof manual = manual): Job =>
  defineJob({
    id,
    family: { id: "samples", title: "Samples" },
    summary: "A sample",
    on,
    input: z.strictObject({}),
    run: async () => undefined,
  } as never);

const route = (method: Route["method"], path: string, access: Route["access"] = "open"): Route =>
  defineRoute({
    method,
    path,
    access,
    summary: "A sample",
    params: z.record(z.string(), z.string()),
    handle: async () => ({}),
  });

describe("a job in the manifest", () => {
  it("has a function named by its id, and a UTC timer that covers its zone", () => {
    const { jobs } = manifestOf([job("sync_fx_latest", schedule("0 30 16 * * *", "Europe/Berlin"))], []);
    expect(jobs).toMatchObject([
      {
        id: "sync_fx_latest",
        functionName: "syncFxLatest",
        timer: { expression: "0 30 16 * * *", zone: "Europe/Berlin", utc: "0 30 14,15 * * *" },
      },
    ]);
  });

  it("carries the names under which its settings are read", () => {
    const renamed = { ...job("sync_rates"), formerIds: ["sync_fx"], zoneSetting: "RATES_TIME_ZONE" };
    expect(manifestOf([renamed, job("sync_lists")], []).jobs).toMatchObject([
      { formerIds: ["sync_fx"], zoneSetting: "RATES_TIME_ZONE" },
      { formerIds: [], zoneSetting: null },
    ]);
  });

  it("has no timer without a schedule", () => {
    expect(manifestOf([job("sync_fx_historical")], []).jobs).toMatchObject([{ timer: null, queue: null }]);
  });
});

it("the function of the empty path has a name", () => {
  expect(manifestOf([], [route("GET", "")]).paths).toMatchObject([{ path: "", functionName: "httpRoot" }]);
});

describe("the queue of a job", () => {
  const queues = (...all: Job[]) => manifestOf(all, []).jobs.map(({ queue }) => queue);
  const scheduled = schedule("0 0 2 * * *", "UTC");

  it("is its own for an event job, with the job's function", () => {
    const asked = { ...job("send_things"), on: event({ batch: 7 }), queue: { batch: 7 } };
    expect(queues(asked)).toEqual([{ name: "send-things", batch: 7, functionName: "sendThings" }]);
  });

  it("may be its own beside a timer, with a second function whose name differs for the host", () => {
    const nightly = { ...job("ingest_lists", scheduled), queue: { batch: 1 } };
    expect(queues(nightly)).toEqual([{ name: "ingest-lists", batch: 1, functionName: "ingestListsRuns" }]);
    expect(() => manifestOf([nightly, job("ingest_lists_runs")], [])).toThrow(
      "function ingestlistsruns is listed twice",
    );
  });

  it("is its own with batches of one where the job declares it, else shared", () => {
    const { queue } = defineJob({
      id: "ingest_lists",
      family: { id: "samples", title: "Samples" },
      summary: "A sample",
      on: scheduled,
      input: z.strictObject({}),
      queue: "own",
      run: async () => undefined,
    });
    expect([queue, job("sync_lists", scheduled).queue]).toEqual([{ batch: 1 }, null]);
  });
});

describe("a path in the manifest", () => {
  it("is one function for all its methods", () => {
    const { paths } = manifestOf(
      [],
      [route("GET", "api/admin/controls"), route("PATCH", "api/admin/controls"), route("GET", "api/health/live")],
    );
    expect(paths).toEqual([
      { path: "api/admin/controls", functionName: "httpAdminControls", access: "open", methods: ["GET", "PATCH"] },
      { path: "api/health/live", functionName: "httpHealthLive", access: "open", methods: ["GET"] },
    ]);
  });

  it.each([
    ["api/admin/jobs/{id}/run", "httpAdminJobsIdRun"],
    ["api/v1/exchange-rates/update/latest", "httpV1ExchangeRatesUpdateLatest"],
    ["api/openapi.json", "httpOpenapiJson"],
    ["{*rest}", "httpRest"],
  ])("of %s has the function %s", (path, functionName) => {
    expect(manifestOf([], [route("GET", path)]).paths).toMatchObject([{ functionName }]);
  });
});

describe("refused, since the host could not distinguish them:", () => {
  it.each([
    ["a job listed twice", [job("one"), job("one")], [], "one is listed twice"],
    ["a route listed twice", [], [route("GET", "api/a"), route("GET", "api/a")], "GET api/a is listed twice"],
    ["two jobs of one function", [job("sync_1x"), job("sync1x")], [], "function sync1x is listed twice"],
    ["a job named like a path", [job("http_a")], [route("GET", "api/a")], "function httpa is listed twice"],
    ["a job named like the shared queue's function", [job("job_runs")], [], "function jobruns is listed twice"],
    [
      "two paths of one function",
      [],
      [route("GET", "api/a-b"), route("GET", "api/a/b")],
      "function httpab is listed twice",
    ],
    ["paths that differ in case", [], [route("GET", "api/a"), route("POST", "api/A")], "listed twice"],
    [
      "paths that differ in a parameter's name",
      [],
      [route("GET", "api/a/{id}"), route("POST", "api/a/{run}")],
      "path api/a/{} is listed twice",
    ],
  ] as [string, Job[], Route[], string][])("%s", (_, jobs, routes, fault) => {
    expect(() => manifestOf(jobs, routes)).toThrow(fault);
  });

  it("methods of one path with different access", () => {
    expect(() => manifestOf([], [route("GET", "api/a"), route("POST", "api/a", "key")])).toThrow(
      "api/a: the methods of one path",
    );
  });
});

it.each([
  ["sync_fx_latest", "syncFxLatest"],
  ["one", "one"],
  ["a__b_", "aB"],
  ["sync_2_rates", "sync2Rates"],
])("%s in camel case is %s", (name, camel) => {
  expect(camelCase(name)).toBe(camel);
});
