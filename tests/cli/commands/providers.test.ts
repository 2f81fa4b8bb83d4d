import { expect, test } from "vitest";
import type { ProviderView } from "#cli/admin-views.ts";
import { startFakeAdminApi } from "../fake-admin-api.ts";
import { rota } from "../rota.ts";

const NOTION: ProviderView = {
  provider: "notion",
  state: "open",
  trouble: "notion has been down since 2026-03-10T12:00:00Z (4 min): 503; 12 runs wait",
  waitingRuns: 12,
  limits: [{ name: "3/1s", kind: "rate", share: 0.5, exhaustedAt: null }],
  lastDay: { calls: 120, errors: 5, refused: 40, usd: 0 },
};

test("a provider has its state, its waiting runs, its calls and its limits, and what is wrong", async () => {
  const app = await startFakeAdminApi(() => ({ json: { providers: [NOTION] } }));
  const { code, stdout, stderr } = await rota(["providers"], { env: app.env });
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  expect(stdout.trimEnd().split("\n")).toEqual([
    "PROVIDER  STATE  WAITING  CALLS 24 H  ERRORS  LIMITS",
    "notion    off    12       120         5       3/1s 50 %",
    "  notion has been down since 2026-03-10T12:00:00Z (4 min): 503; 12 runs wait",
  ]);
});

test("a provider is closed with a reason", async () => {
  const app = await startFakeAdminApi(() => ({ json: { ...NOTION, state: "half_open", started: 12 } }));
  const { stdout } = await rota(["providers", "--close", "notion", "--reason", "fixed"], { env: app.env });
  expect(app.asked).toMatchObject([
    { method: "POST", path: "/api/admin/providers/notion/close", body: '{"reason":"fixed"}' },
  ]);
  expect(stdout).toContain("notion is recovering; 12 runs start.");
});

test("without a reason nothing is changed", async () => {
  const { code, stderr } = await rota(["providers", "--open", "notion"], {});
  expect(code).not.toBe(0);
  expect(stderr).toContain("--reason is required");
});
