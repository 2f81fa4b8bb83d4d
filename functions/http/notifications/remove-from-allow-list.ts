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
  summary: "Remove the address of a recipient for a channel; pending notifications to it are suppressed",
  // In the query: a recipient may contain a slash, which a path segment cannot.
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
