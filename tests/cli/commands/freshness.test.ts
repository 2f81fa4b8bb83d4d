import { expect, test } from "vitest";
import type { DataSetView } from "#cli/admin-views.ts";
import { startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";
import { secondsAgo } from "../sample-runs.ts";

const DATA_SETS: readonly DataSetView[] = [
  {
    id: "exchange_rates",
    state: "fresh",
    newest: "2026-04-13",
    counts: { fresh: 30, stale: 0, empty: 0, ended: 12 },
    behind: [],
    held: [{ id: "CHF", count: 2, oldest: "2026-04-09" }],
  },
  {
    id: "county_liens",
    state: "stale",
    newest: "2026-04-12",
    counts: { fresh: 40, stale: 2, empty: 1, ended: 0 },
    behind: [
      { id: "coconino-az", newest: "2026-04-09", staleSince: secondsAgo(2 * 86_400 + 60) },
      { id: "baltimore-md", newest: null, staleSince: null },
    ],
    held: [],
  },
  {
    id: "etf_prices",
    state: "empty",
    newest: null,
    counts: { fresh: 0, stale: 0, empty: 0, ended: 0 },
    behind: [],
    held: [],
  },
];

test("a data set has its state, its newest day, its elements by state, and those that are behind or have held points", async () => {
  const app = await startFakeAdminApi(() => ({ json: { dataSets: DATA_SETS } }));
  const { code, stdout, stderr } = await rota(["freshness"], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(app.asked.map(({ path }) => path)).toEqual(["/api/admin/freshness"]);
  expect(stdout.trimEnd().split("\n")).toEqual([
    "DATA SET        STATE  NEWEST      ELEMENTS",
    "exchange_rates  fresh  2026-04-13  30 fresh, 12 ended",
    "  CHF 2 held back since 2026-04-09",
    "county_liens    stale  2026-04-12  40 fresh, 2 stale, 1 empty",
    "  coconino-az of 2026-04-09, due 2 d ago; baltimore-md never loaded; 1 more",
    "etf_prices      empty  –           none",
  ]);
});

test("--json prints the app's answer", async () => {
  const app = await startFakeAdminApi(() => ({ json: { dataSets: DATA_SETS } }));
  expect(JSON.parse((await rota(["freshness", "--json"], { env: app.env })).stdout)).toEqual({ dataSets: DATA_SETS });
});
