import { z } from "zod";
import { disallow } from "#data/platform/allow-list.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { ALLOW_LISTED } from "#data/platform/notification-schema.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { auditedEntry, recipientText } from "./allow-list-view.ts";

export const removeFromAllowList = defineRoute({
  method: "DELETE",
  path: "api/notifications/allow-list",
  access: "operator",
  summary: "Let somebody be reached through a channel no more; what is on its way is held back as well",
  // A recipient may have a slash in its name, which no segment of a path can.
  query: z.strictObject({ recipient: recipientText, channel: z.enum(ALLOW_LISTED) }),
  response: null,
  async handle({ app, query, caller }) {
    const gone = await app.db.transaction(async (tx) => {
      const gone = await disallow(tx, query);
      if (!gone) return undefined;
      await recordAudit(tx, {
        at: app.clock.now(),
        who: caller,
        action: "address removed",
        subject: `allow-list:${query.recipient}`,
        before: auditedEntry(gone),
      });
      return gone;
    });
    if (gone) return { status: 204 };
    throw notFound(`${query.recipient} is not on the allow-list for ${query.channel}`);
  },
});
