import { expect, it, onTestFinished } from "vitest";
import { notifications } from "#data/platform/notification-schema.ts";
import { dailyDigest } from "#functions/personal-ops/daily-digest.ts";
import { morningCall } from "#functions/personal-ops/morning-call.ts";
import { openDatabase } from "#support/database.ts";
import { startAdminApi } from "../admin/admin-api.ts";

const { url } = await openDatabase();

it("previews the digest and the call, and sends and writes nothing", async () => {
  const api = startAdminApi(url, [dailyDigest, morningCall]);
  onTestFinished(() => api.close());
  const count = () => api.db.$count(notifications);
  const before = await count();
  const call = await api.call<{ script: string; seconds: number }>("GET", "api/personal-ops/call-preview");
  expect(call.status).toBe(200);
  expect(call.body.script).toMatch(/^Good morning\./);
  expect(call.body.seconds).toBeGreaterThanOrEqual(30);
  const digest = await api.call<{ body: string }>("GET", "api/personal-ops/digest-preview");
  expect(digest.body.body).toMatch(/^• /);
  expect(await count()).toBe(before);
});
