import { comms, defineJob, schedule, z } from "#jobs";
import { markDigested, recipientsOfDigest, claimForDigest } from "#data/platform/notification-queries.ts";
import { configuredChannels } from "#notifications/channels.ts";
import { digestOf } from "#notifications/digest.ts";
import { DIGEST_TYPE } from "#notifications/notification.ts";
import { notify } from "#notifications/notify.ts";
import { civilDateIn } from "#rules/civil-date.ts";
import { platform } from "../families.ts";

/**
 * Writes each user a mail with what is unread of the last day. The mail is a notification of its own, told once per user and local
 * day by its dedupe key, and what it brings is marked in the transaction that makes it: so twice is safe. Nothing unread, no mail.
 */
export const sendDigestEmail = defineJob({
  id: "send_digest_email",
  family: platform,
  summary: "Write each user a mail with the unread notifications of the last day",
  on: schedule("0 0 7 * * *", "America/Phoenix"),
  zoneSetting: "TAX_LIENS_TIME_ZONE",
  input: z.strictObject({}),
  gates: [comms],

  async items({ db, settings, asOf, log }) {
    if (configuredChannels(settings).has("email")) return recipientsOfDigest(db, asOf, DIGEST_TYPE);
    log.info("No digest: e-mail has no settings (NOTIFY_EMAIL_FROM with SMTP_URL or ACS_EMAIL)");
    return [];
  },
  key: (recipient: string) => recipient,

  each: (recipient, context) =>
    context.transaction(async (tx) => {
      const { asOf, settings } = context;
      const zone = settings.TAX_LIENS_TIME_ZONE;
      const unread = await claimForDigest(tx, recipient, { asOf, digestType: DIGEST_TYPE });
      // Read or taken since the list was made.
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
