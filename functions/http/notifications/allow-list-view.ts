import { z } from "zod";
import { ALLOW_LISTED, type AllowlistEntry } from "#data/platform/notification-schema.ts";
import type { Role } from "#http/access-policy.ts";
import { maskAddress } from "#notifications/channel-address.ts";

export const recipientText = z.string().trim().min(1).max(200);

export const allowListEntrySchema = z.object({
  recipient: z.string(),
  channel: z.enum(ALLOW_LISTED),
  address: z.string().describe("Masked for viewers"),
  addedBy: z.string(),
  addedAt: z.iso.datetime(),
});

export function entryView({ recipient, channel, address, addedBy, addedAt }: AllowlistEntry, role: Role | null) {
  return { recipient, channel, address: role === "operator" ? address : maskAddress(address), addedBy, addedAt };
}

/** An entry in the audit, which outlives the entry and so has no full address. */
export function auditedEntry({ channel, address }: Pick<AllowlistEntry, "channel" | "address">) {
  return { channel, address: maskAddress(address) };
}
