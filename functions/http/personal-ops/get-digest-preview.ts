import { z } from "zod";
import { notificationsForDigest } from "#data/platform/notification-queries.ts";
import { SEVERITIES } from "#data/platform/notification-schema.ts";
import { defineRoute } from "#http/route.ts";
import { DIGEST_TYPE } from "#notifications/notification.ts";
import { digestBullets } from "#rules/personal-ops/digest-bullets.ts";
import { digestMessage } from "#rules/personal-ops/digest-message.ts";
import { DIGEST_PERIOD_MS, factsBefore } from "#services/personal-ops/daily-report.ts";

export const getDigestPreview = defineRoute({
  method: "GET",
  path: "api/personal-ops/digest-preview",
  access: "viewer",
  summary: "The daily digest as it would be sent now; nothing is sent or written",
  response: z.object({
    day: z.iso.date(),
    bullets: z.array(z.object({ severity: z.enum(SEVERITIES), text: z.string() })),
    deferred: z.int().min(0).describe("Notifications that wait for the digest"),
    title: z.string(),
    body: z.string(),
  }),
  async handle({ app }) {
    const { PERSONAL_OPS_RECIPIENT: recipient, PERSONAL_OPS_TIME_ZONE: zone } = app.config;
    const asOf = app.clock.now();
    const facts = await factsBefore(app.db, { asOf, periodMs: DIGEST_PERIOD_MS, zone });
    const unread = await notificationsForDigest(app.db, recipient, { asOf, digestType: DIGEST_TYPE });
    const deferred = unread.filter(({ severity }) => severity === "INFO" || severity === "WARN");
    const bullets = digestBullets(facts);
    const message = digestMessage(facts.day, bullets, deferred);
    return { json: { day: facts.day, bullets: [...bullets], deferred: deferred.length, ...message } };
  },
});
