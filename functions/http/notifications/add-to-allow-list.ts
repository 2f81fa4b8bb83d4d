import { z } from "zod";
import { allow } from "#data/platform/allow-list.ts";
import { recordAudit } from "#data/platform/audit-log.ts";
import { ALLOW_LISTED } from "#data/platform/notification-schema.ts";
import { defineRoute } from "#http/route.ts";
import { addressFault } from "#notifications/channel-address.ts";
import { allowListEntrySchema, auditedEntry, entryView, recipientText } from "./allow-list-view.ts";

const entry = z
  .strictObject({ recipient: recipientText, channel: z.enum(ALLOW_LISTED), address: z.string().trim().max(320) })
  .superRefine(({ channel, address }, context) => {
    const message = addressFault(channel, address);
    if (message) context.addIssue({ code: "custom", path: ["address"], message });
  });

export const addToAllowList = defineRoute({
  method: "POST",
  path: "api/notifications/allow-list",
  access: "operator",
  summary: "Allow an address of a recipient: 201; replace the address of the channel: 200",
  body: entry,
  response: allowListEntrySchema,
  async handle({ app, body, caller, role }) {
    const added = { ...body, addedBy: caller, addedAt: app.clock.now() };
    const before = await app.db.transaction(async (tx) => {
      const before = await allow(tx, added);
      await recordAudit(tx, {
        at: added.addedAt,
        who: caller,
        action: "address allowed",
        subject: `allow-list:${body.recipient}`,
        before: before ? auditedEntry(before) : null,
        after: auditedEntry(added),
      });
      return before;
    });
    return { status: before ? 200 : 201, json: entryView(added, role) };
  },
});
