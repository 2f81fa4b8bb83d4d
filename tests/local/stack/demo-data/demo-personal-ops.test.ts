import { expect, it, onTestFinished } from "vitest";
import { dailyDigest } from "#functions/personal-ops/daily-digest.ts";
import { morningCall } from "#functions/personal-ops/morning-call.ts";
import { startFakeTelegram } from "#local/providers/fake-telegram.ts";
import { startFakeTwilio } from "#local/providers/fake-twilio.ts";
import { personalOpsDemo } from "#local/stack/demo-data/demo-personal-ops.ts";
import { openDatabase } from "#support/database.ts";
import { startAdminApi } from "../../../functions/http/admin/admin-api.ts";
import { messengerSettings } from "../../../functions/personal-ops/person.ts";
import { demoApi } from "./demo-api.ts";

const { url } = await openDatabase();

it("the demo sends one digest and places one call, also when it is loaded twice", async () => {
  const [telegram, twilio] = await Promise.all([startFakeTelegram(), startFakeTwilio()]);
  const env = messengerSettings({ telegram, twilio });
  const api = startAdminApi(url, [dailyDigest, morningCall], { env });
  onTestFinished(async () => {
    await api.close();
    await Promise.all([telegram.close(), twilio.close()]);
  });
  const demo = demoApi(api);
  expect(await personalOpsDemo.load(demo)).toContain("a morning call of user:owner");
  await personalOpsDemo.load(demo);
  expect(telegram.sent.map(({ text }) => text.slice(0, 13))).toEqual(["Daily digest,"]);
  expect(twilio.sent.map(({ kind }) => kind)).toEqual(["call"]);
});
