import { claimForDigest, markDigested, recipientsOfDigest } from "#data/platform/notification-queries.ts";
import { comms, defineJob, schedule, z } from "#jobs";
import { configuredChannels } from "#notifications/channels.ts";
import { digestOf } from "#notifications/digest.ts";
import { DIGEST_TYPE } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { platform } from "../families.ts";

/**
 * Sends each user a mail with the unread notifications of the last day; without any, no mail. Running twice is safe:
 * the mail is a notification with a dedupe key per user and local day, and its transaction marks the contents as
 * digested.
 */
export const sendDigestEmail = defineJob({
  id: "send_digest_email",
  family: platform,
  summary: "Send each user a mail with the unread notifications of the last day",
  on: schedule("0 0 7 * * *", "America/Phoenix"),
  zoneSetting: "TAX_LIENS_TIME_ZONE",
  input: z.strictObject({}),
  gates: [comms],

  async items({ db, settings, asOf, log }) {
    if (configuredChannels(settings).has("email")) return recipientsOfDigest(db, asOf, DIGEST_TYPE);
    log.info("No digest: the e-mail channel is not configured (NOTIFY_EMAIL_FROM with SMTP_URL or ACS_EMAIL)");
    return [];
  },
  key: (recipient: string) => recipient,

  each: (recipient, context) =>
    context.transaction(async (tx) => {
      const { asOf, settings } = context;
      const zone = settings.TAX_LIENS_TIME_ZONE;
      const unread = await claimForDigest(tx, recipient, { asOf, digestType: DIGEST_TYPE });
      // Read or claimed since the items were listed.
      if (unread.length === 0) return "nothing unread";
      const digest = digestOf(recipient, unread, { day: civilDateIn(zone, asOf), zone });
      const { duplicates, pending } = await notify(context, tx, [digest]);
      if (duplicates) return "had one today";
      if (!pending) return "suppressed";
      await markDigested(
        tx,
        unread.map(({ id }) => id),
        context.clock.now(),
      );
      return "written";
    }),
});
