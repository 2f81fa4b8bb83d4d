import { sql } from "drizzle-orm";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { jobs } from "#functions/index.ts";
import { effectiveSettings } from "#jobs/changeable-settings.ts";
import { migratedDatabase, type TestDatabase } from "#support/database.ts";
import { type AdminApi, startAdminApi } from "../admin/admin-api.ts";

let database: TestDatabase;
let api: AdminApi;
beforeAll(async () => {
  database = await migratedDatabase();
  api = startAdminApi(database.url, jobs, { env: { DOCUMENTS_ARCHIVE_DAYS: "365" } });
});
afterAll(async () => {
  await api.close();
  await database.drop();
});
afterEach(() => api.db.execute(sql`truncate platform.settings; truncate platform.audit_log restart identity`));

interface Shown {
  settings: {
    name: string;
    value: unknown;
    configured: unknown;
    source: string;
    readBy: string[];
    changedBy: unknown;
  }[];
}
const get = () => api.call<Shown>("GET", "api/settings");
const put = (
  settings: object,
  { headers = {}, ...given }: { headers?: Record<string, string>; reason?: string } = {},
) =>
  api.call<Shown & { errors: { field: string; reason: string }[] }>(
    "PUT",
    "api/settings",
    { settings, ...given },
    headers,
  );
const setting = async (name: string) => (await get()).body.settings.find((one) => one.name === name);
const audit = async () =>
  (await api.call<{ entries: Record<string, unknown>[] }>("GET", "api/admin/audit")).body.entries;

const WEIGHTS = { ltv: 50, property_type: 10, valuation_age: 15, redemption_time: 15, flags: 10 };

describe("settings", () => {
  it("have their configured values until one is changed, and name the jobs that read them", async () => {
    expect(await setting("documents_archive_days")).toMatchObject({
      value: 365,
      configured: 365,
      source: "configured",
      changedBy: null,
      readBy: ["archive_old_documents"],
    });
    expect(await setting("notification_retention_days")).toMatchObject({ value: 365, readBy: ["prune_run_ledger"] });
    expect((await setting("deal_risk_weights"))?.value).toEqual({
      ltv: 40,
      property_type: 20,
      valuation_age: 15,
      redemption_time: 15,
      flags: 10,
    });
  });

  it("are changed, and the audit has who, when, why, before and after", async () => {
    const { status } = await put({ documents_archive_days: 30, deal_risk_weights: WEIGHTS }, { reason: "new rules" });
    expect(status).toBe(200);
    expect(await setting("documents_archive_days")).toMatchObject({
      value: 30,
      configured: 365,
      source: "stored",
      changedBy: "function key",
    });
    expect(await audit()).toMatchObject([
      {
        who: "function key",
        action: "setting changed",
        subject: "setting:documents_archive_days",
        reason: "new rules",
        before: { value: 365 },
        after: { value: 30 },
      },
      { subject: "setting:deal_risk_weights", before: { value: { ltv: 40 } }, after: { value: WEIGHTS } },
    ]);
    expect(await effectiveSettings(api.db, api.app.config)).toMatchObject({
      DOCUMENTS_ARCHIVE_DAYS: 30,
      DEAL_RISK_WEIGHTS: WEIGHTS,
      VALUATION_STALE_DAYS: 90,
    });
  });

  it("have their configured values again after null", async () => {
    await put({ notification_retention_days: 7 });
    await put({ notification_retention_days: null });
    expect(await setting("notification_retention_days")).toMatchObject({
      value: 365,
      source: "configured",
      changedBy: null,
    });
    expect((await audit()).map(({ before, after }) => [before, after])).toEqual([
      [{ value: 7 }, { value: 365 }],
      [{ value: 365 }, { value: 7 }],
    ]);
  });

  it("that are set to their current values leave no audit entry", async () => {
    await put({ notification_retention_days: 7 });
    await put({ notification_retention_days: 7, valuation_stale_days: null });
    expect(await audit()).toHaveLength(1);
  });

  it.each([
    [{ notification_retention_dais: 7 }, "settings.notification_retention_dais"],
    [{ notification_retention_days: 0 }, "settings.notification_retention_days"],
    [{ notification_retention_days: 1.5 }, "settings.notification_retention_days"],
    [{ notification_retention_days: "7" }, "settings.notification_retention_days"],
    [{ deal_risk_weights: { ...WEIGHTS, ltv: 51 } }, "settings.deal_risk_weights"],
    [{ deal_risk_weights: { ...WEIGHTS, flags: undefined } }, "settings.deal_risk_weights.flags"],
    [{ deal_risk_weights: { ...WEIGHTS, luck: 0 } }, "settings.deal_risk_weights.luck"],
    [{}, "settings"],
  ])(
    "refuse %j with the field %s, and change nothing, not even valid settings of the request",
    async (settings, field) => {
      const right = Object.keys(settings).length > 0 && { valuation_stale_days: 30 };
      const { status, body } = await put({ ...settings, ...right });
      expect(status).toBe(400);
      expect(body.errors.map((error) => error.field)).toEqual([field]);
      expect((await setting("valuation_stale_days"))?.source).toBe("configured");
      expect(await audit()).toEqual([]);
    },
  );

  it("are not changed on the basis of an older state", async () => {
    const seen = (await get()).headers.etag!;
    const first = await put({ notification_retention_days: 7 }, { headers: { "if-match": seen } });
    expect(first.status).toBe(200);
    expect(first.headers.etag).toBe((await get()).headers.etag);
    const late = await put({ notification_retention_days: 8 }, { headers: { "if-match": seen } });
    expect([late.status, late.headers.etag]).toEqual([412, first.headers.etag]);
    const anew = await put(
      { notification_retention_days: 8 },
      { headers: { "if-match": `"other", ${late.headers.etag}` } },
    );
    expect(anew.status).toBe(200);
  });

  it("of concurrent changes based on one state, one is made", async () => {
    const seen = (await get()).headers.etag!;
    const turns = Array.from({ length: 8 }, (_, n) =>
      put({ notification_retention_days: n + 1 }, { headers: { "if-match": seen } }),
    );
    const statuses = (await Promise.all(turns)).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 7 }, () => 412)]);
    expect(await audit()).toHaveLength(1);
  });

  it("with a stored value that is no longer valid fail the job that reads them, with the name", async () => {
    await api.db.execute(
      sql`insert into platform.settings values ('notification_retention_days', '"long"', now(), 'a test')`,
    );
    await expect(effectiveSettings(api.db, api.app.config)).rejects.toThrow(
      /notification_retention_days: .*PUT api\/settings/,
    );
    expect((await put({ notification_retention_days: 7 })).status).toBe(200);
  });
});
