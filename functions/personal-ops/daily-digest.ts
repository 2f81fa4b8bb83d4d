import { claimForDigest, markDigested } from "#data/platform/notification-queries.ts";
import type { Notification } from "#data/platform/notification-schema.ts";
import { comms, defineJob, linear, schedule, z } from "#jobs";
import { DAILY_DIGEST_TYPE, DIGEST_TYPE } from "#notifications/notification.ts";
import { deliverInRun, failInRun, startInRun } from "#notifications/send-in-run.ts";
import { digestBullets } from "#rules/personal-ops/digest-bullets.ts";
import { digestMessage } from "#rules/personal-ops/digest-message.ts";
import { DIGEST_PERIOD_MS, factsBefore } from "#services/personal-ops/daily-report.ts";
import { digestChannels } from "#services/personal-ops/digest-channels.ts";
import { personalOps } from "../families.ts";

/**
 * Sends the person one digest a local day: five bullets, and the notifications that waited for it. Running twice is
 * safe: the digest is a notification with a dedupe key per day, its transaction marks what it contains, and a message
 * that may have arrived is not sent again.
 */
export const dailyDigest = defineJob({
  id: "daily_digest",
  family: personalOps,
  summary: "Send the person the digest of the last 24 hours",
  on: schedule("0 0 8 * * *", "America/Chicago"),
  input: z.strictObject({}),
  retry: linear({ retries: 1, delay: "5m" }),
  gates: [comms],
  missed: "once",
  // A digest of the evening would come shortly before the next one.
  maxLateness: "12h",

  async run(context) {
    const { db, settings, asOf, clock } = context;
    const recipient = settings.PERSONAL_OPS_RECIPIENT;
    const zone = settings.PERSONAL_OPS_TIME_ZONE;
    const facts = await factsBefore(db, { asOf, periodMs: DIGEST_PERIOD_MS, zone });
    const bullets = digestBullets(facts);
    const { stored, claimed, isOwn, folded } = await context.transaction(async (tx) => {
      const unread = await claimForDigest(tx, recipient, { asOf, digestType: DIGEST_TYPE });
      const deferred = unread.filter(({ severity }) => severity === "INFO" || severity === "WARN");
      const started = await startInRun(context, tx, {
        recipient,
        type: DAILY_DIGEST_TYPE,
        severity: "INFO",
        ...digestMessage(facts.day, bullets, deferred),
        data: { day: facts.day, bullets },
        channels: await digestChannels(tx, settings),
        dedupeKey: `daily_digest:${facts.day}`,
      });
      // A digest that an earlier attempt created has its contents already.
      const contents = started.isNew && started.stored.state !== "suppressed" ? deferred : [];
      const ids = contents.map(({ id }) => id);
      await markDigested(tx, ids, clock.now());
      return { ...started, folded: contents.length };
    });
    const result = { day: facts.day, notification: stored.id, bullets: bullets.length, deferred: folded };
    if (!claimed) return { ...result, digest: isOwn ? outcomeOf(stored) : "had one today", reason: stored.reason };
    const failure = await deliverInRun(context, claimed);
    if (failure) {
      await context.transaction((tx) => failInRun(context, tx, { id: stored.id, reason: failure.message }));
      throw failure;
    }
    return { ...result, digest: "sent" };
  },
});

/** Without a channel that the allow-list permits, the digest is in the app alone. */
function outcomeOf({ state, providerMessageId }: Notification): string {
  return state === "sent" && providerMessageId === null ? "in the app" : state;
}
