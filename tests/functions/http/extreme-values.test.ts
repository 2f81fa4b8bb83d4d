import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { jobs, routes } from "#functions/index.ts";
import { openApi, operationId } from "#http/openapi.ts";
import type { Route } from "#http/route.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { anEtf } from "#support/pensions.ts";
import { type AdminApi, startAdminApi } from "./admin/admin-api.ts";

/** Values at and beyond the limits of PostgreSQL's types, of JavaScript's, and of what a sender can write. */
const EXTREMES: readonly string[] = [
  ...["0000-01-01", "0001-01-01", "9999-12-31", "10000-01-01", "-0001-01-01", "2026-02-30", "infinity", "epoch"],
  ...["0000-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59.999Z"],
  ...["9999-12-31T23:59:59-23:59", "10000-01-01T00:00:00Z", "+010000-01-01T00:00:00Z", "-000001-01-01T00:00:00Z"],
  ...["+275760-09-13T00:00:00Z", "2026-01-01T00:00:00+99:99", "9000000d", "99999999999999d"],
  ...["", "0", "-0", "-1", "1", "2147483647", "2147483648", "-2147483649", "9007199254740991", "9007199254740992"],
  ...["9223372036854775808", "1e308", "1e400", "Infinity", "NaN", "0.000000000000000001", "9".repeat(400)],
  ...[
    "\0",
    "\ud800",
    "x".repeat(10_000),
    "00000000-0000-0000-0000-000000000000",
    "ffffffff-ffff-ffff-ffff-ffffffffffff",
  ],
];
/** The same as JSON, where a number is one. */
const JSON_EXTREMES: readonly unknown[] = [
  ...EXTREMES,
  ...[0, -0, -1, 1, 0.5, 2_147_483_647, 2_147_483_648, Number.MAX_SAFE_INTEGER, 2 ** 53, 1e308, null],
];

let database: TestDatabase;
let api: AdminApi;
/** A valid value of each path parameter, by the path before it. */
const PLACES: Record<string, string> = {};
/** A valid body for each route that takes one. */
let bodies: Record<string, object>;

beforeAll(async () => {
  database = await migratedDatabase();
  // Without the internet no run is enqueued for a provider.
  api = startAdminApi(database.url, jobs);
  const { symbol } = await anEtf(api.db);
  const contribution = { reference: "1", date: "2026-03-02", amount: "250.00", currency: "EUR" };
  const pension = { etf: symbol, name: "A pension", currency: "EUR", contributions: [contribution] };
  const created = await api.call<{ pension: string }>("POST", "api/v1/etf-pensions", pension);
  const task = { owner: "user:1", title: "A task", dueDate: "2026-03-10T09:00:00+01:00", timeZone: "Europe/Berlin" };
  const { id } = (await api.call<{ id: string }>("POST", "api/tasks", task)).body;
  const run = (await api.call<{ id: string }>("POST", "api/admin/jobs/cleanup_fx_updates/run", {})).body.id;
  const source = {
    kind: "csv",
    url: "https://lists.example.com/liens.csv",
    fields: { parcelId: "A", faceAmount: "B" },
  };
  const county = { name: "A", state: "AZ", timeZone: "America/Phoenix", ruleSet: "arizona", source };
  await api.call("PUT", "api/counties/sample-az", county);
  const constraints = { budget: "5000", counties: ["sample-az"], minYield: 1, maxDeals: 5 };
  const { analysis } = (await api.call<{ analysis: string }>("POST", "api/analysis/runs", { constraints })).body;
  Object.assign(PLACES, {
    "api/admin/jobs": "sync_fx_latest",
    "api/admin/runs": run,
    "api/admin/providers": "notion",
    "api/tasks": id,
    "api/v1/etf": symbol,
    "api/v1/etf-pensions": created.body.pension,
    "api/v1/suspect-points": "1",
    "api/counties": "sample-az",
    "api/liens": "1",
    "api/knowledge/proposals": "1",
    "api/personal-ops/incidents": "1",
    "api/personal-ops/proposals": "1",
    "api/analysis/runs": analysis,
  });
  const reason = "a test";
  const address = { recipient: "user:1", channel: "email", address: "ann@example.org" };
  const note = { recipient: "user:1", type: "note", severity: "INFO", title: "A", body: "B", dedupeKey: "1" };
  const filter = { job: "sync_fx_latest", since: "2026-03-02T00:00:00Z", until: "2026-03-03T00:00:00Z" };
  bodies = {
    "POST api/admin/jobs/{id}/backfill": { from: "2026-03-02T00:00:00Z", to: "2026-03-03T00:00:00Z", reason },
    "POST api/admin/jobs/{id}/pause": { reason, until: "2h" },
    "POST api/admin/pause": { scope: "family:tasks", reason, until: "2h" },
    "PATCH api/admin/controls": { reason, quietHours: { from: "22:00", to: "06:00", zone: "Europe/Berlin" } },
    "POST api/admin/dead-letters/replay": { filter, dryRun: true, after: `${run}_2026-03-10T12:00:00.000Z` },
    "POST api/admin/runs/retry": {
      filter: { ...filter, state: "skipped", reasonCode: "paused" },
      after: `${run}_2026-03-10T12:00:00.000Z`,
      dryRun: true,
    },
    "POST api/admin/effects/{key}/settle": { outcome: "done", result: 1, reason },
    "POST api/admin/providers/{name}/open": { reason },
    "POST api/admin/providers/{name}/close": { reason },
    "POST api/v1/etf-pensions": pension,
    "POST api/v1/etf-pensions/{id}/contributions": { contributions: [contribution], reopenReason: reason },
    "POST api/v1/etf-pensions/{id}/revaluation": { from: "2026-03-02", reason },
    "POST api/v1/suspect-points/{id}/release": { reason },
    "POST api/v1/suspect-points/{id}/reject": { reason },
    "POST api/v1/suspect-points/{id}/withdraw": { reason },
    "POST api/tasks": {
      ...task,
      recurrenceType: "daily",
      recurrenceInterval: 1,
      recurrenceUntil: "2027-01-01T00:00:00Z",
    },
    "PATCH api/tasks/{id}": {
      dueDate: task.dueDate,
      recurrenceType: "daily",
      recurrenceInterval: 1,
      recurrenceUntil: "2027-01-01T00:00:00Z",
    },
    "POST api/tasks/{id}/reminders": { remindAt: "2026-03-10T09:00:00+01:00" },
    "PUT api/counties/{id}": { ...county, rules: { minFaceAmount: 1, redemptionMonths: 12, oldestTaxYears: 3 } },
    "POST api/counties/{id}/preview": { rows: 20 },
    "POST api/property-valuations": {
      valuations: [{ county: "sample-az", parcelId: "1", day: "2026-03-01", value: "1" }],
    },
    "PUT api/liens/{id}/subsequent-taxes": { taxes: [{ day: "2026-03-01", amount: "1" }] },
    "POST api/analysis/runs": { constraints },
    "POST api/agents/orchestrator/analysis": { constraints },
    "POST api/analysis/runs/{id}/decisions": {
      decisions: [{ decisionId: "1", dealId: 1, decision: "approved", reason, decidedBy: "user" }],
    },
    "POST api/documents/generate": { template: "lien_due_diligence", lienId: 1 },
    "POST api/knowledge/proposals/{kind}/{id}/review": { action: "merge", into: 1, reason },
    "POST api/personal-ops/incidents/{id}/acknowledge": { reason },
    "POST api/personal-ops/incidents/{id}/resolve": { reason },
    "POST api/personal-ops/proposals/{id}/approve": { reason },
    "POST api/personal-ops/proposals/{id}/reject": { reason },
    "POST api/personal-ops/corrections": { subject: "A", wrong: "B", right: "C", at: "2026-03-10T09:00:00Z" },
    "POST api/personal-ops/chat-messages": {
      messages: [{ chat: "a", externalId: "1", direction: "to_person", text: "B", sentAt: "2026-03-10T09:00:00Z" }],
    },
    "POST api/knowledge/messages": {
      messages: [
        {
          source: "chat",
          externalId: "1",
          author: "Ada",
          text: "Decision: we keep it",
          sentAt: "2026-03-10T09:00:00Z",
        },
      ],
    },
    "POST api/notifications": note,
    "POST api/notifications/allow-list": address,
    "POST api/notifications/push-subscriptions": {
      recipient: "user:1",
      endpoint: "https://fcm.googleapis.com/fcm/send/1",
      expirationTime: 1,
      keys: {
        p256dh: Buffer.concat([Buffer.of(4), Buffer.alloc(64, 1)]).toString("base64url"),
        auth: Buffer.alloc(16, 2).toString("base64url"),
      },
    },
    "PUT api/settings": { settings: { notification_retention_days: 30 } },
  };
});
afterAll(async () => {
  await api.close();
  await database.drop();
});

const nameOf = ({ method, path }: Route) => `${method} ${path}`;

/** @param values replace the valid values of the path */
function addressOf({ path }: Route, values: Record<string, string> = {}): string {
  const place = PLACES[path.split("/{")[0]!] ?? "00000000-0000-7000-8000-000000000000";
  return path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent((values[name] ?? (name === "kind" ? "topic" : place)).toWellFormed()),
  );
}

async function expectNoServerError(method: string, address: string, body?: unknown): Promise<void> {
  const answer = await api.call(method, address, body).catch((error: unknown) => {
    throw new Error(`${method} ${address} ${JSON.stringify(body)}: ${String(error)}`);
  });
  expect(answer.status, `${method} ${address} ${JSON.stringify(body ?? null).slice(0, 500)}`).toBeLessThan(500);
}

const document = openApi(routes, { title: "Rota", version: "1" });
const described = routes.map((route) => [nameOf(route), route] as const);

describe("an extreme value in a parameter is refused or answered, never an error of the server", () => {
  it.each(described)("%s", async (_, route) => {
    const operation = Object.values(document.paths).flatMap((one) => Object.values(one));
    const { parameters = [] } = operation.find((one) => one.operationId === operationId(route)) as {
      parameters?: readonly { name: string; in: string; required: boolean }[];
    };
    const needed = Object.fromEntries(
      parameters.filter((one) => one.in === "query" && one.required).map((one) => [one.name, "user:1"]),
    );
    for (const { name, in: where } of parameters) {
      if (where === "header" || name === "wait") continue;
      for (const value of EXTREMES) {
        const inPath = where === "path" ? { [name]: value } : {};
        const query = new URLSearchParams(where === "query" ? { ...needed, [name]: value } : needed).toString();
        // An empty part of a path is another path.
        if (where === "path" && value === "") continue;
        await expectNoServerError(route.method, `${addressOf(route, inPath)}?${query}`, bodies[nameOf(route)]);
      }
    }
  });
});

/** The places of a sample's values: `["filter", "since"]`. */
function leavesOf(sample: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof sample !== "object" || sample === null) return [path];
  return Object.entries(sample).flatMap(([name, value]) => leavesOf(value, [...path, name]));
}

function withValue(sample: unknown, [name, ...rest]: readonly string[], value: unknown): unknown {
  if (name === undefined) return value;
  const copy = structuredClone(sample) as Record<string, unknown>;
  copy[name] = withValue(copy[name], rest, value);
  return copy;
}

describe("an extreme value in a body is refused or answered, never an error of the server", () => {
  const withTimeOrNumber = routes.filter(({ body }) =>
    /"(date|date-time)"|"(integer|number)"/.test(
      body ? JSON.stringify(z.toJSONSchema(body, { io: "input", unrepresentable: "any" })) : "",
    ),
  );

  it("each route whose body has a date, an instant or a number has a sample here", () => {
    expect(withTimeOrNumber.map(nameOf).filter((name) => !(name in bodies))).toEqual([]);
  });

  it.each(described.filter(([, { body }]) => body))("%s", async (name, route) => {
    const sample = bodies[name];
    if (!sample) return;
    for (const leaf of leavesOf(sample)) {
      for (const value of JSON_EXTREMES) {
        await expectNoServerError(route.method, addressOf(route), withValue(sample, leaf, value));
      }
    }
  });
});

describe("an extreme value in the input of a job is refused or enqueued", () => {
  it.each(jobs.map((job) => [job.id, job] as const))("%s", async (id, { input }) => {
    const { properties = {} } = z.toJSONSchema(input, { io: "input", unrepresentable: "any" }) as {
      properties?: Record<string, unknown>;
    };
    for (const field of Object.keys(properties)) {
      for (const value of JSON_EXTREMES) {
        const body = { ...(field === "startDate" ? {} : { startDate: "2026-03-02" }), [field]: value };
        const own = "startDate" in properties ? body : { [field]: value };
        await expectNoServerError("POST", `api/admin/jobs/${id}/run`, own);
      }
    }
  });
});
