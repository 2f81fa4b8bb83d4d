import { and, eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { type AllowlistEntry, communicationAllowlist } from "./notification-schema.ts";

type EntryKey = Pick<AllowlistEntry, "recipient" | "channel">;

/** Entries by recipient and channel. @param filter.after the last entry of the page before */
export async function listAllowed(
  db: Executor,
  filter: Partial<EntryKey> & { readonly after?: EntryKey | undefined; readonly limit: number },
): Promise<AllowlistEntry[]> {
  const { recipient, channel, after, limit } = filter;
  const entry = communicationAllowlist;
  return db
    .select()
    .from(entry)
    .where(
      and(
        recipient === undefined ? undefined : eq(entry.recipient, recipient),
        channel && eq(entry.channel, channel),
        after && sql`(${entry.recipient}, ${entry.channel}) > (${after.recipient}, ${after.channel})`,
      ),
    )
    .orderBy(entry.recipient, entry.channel)
    .limit(limit);
}

/** Sets the address of a recipient in a channel. @returns the entry before */
export async function allow(tx: Tx, entry: AllowlistEntry): Promise<AllowlistEntry | undefined> {
  const { recipient, channel, ...set } = entry;
  // Two concurrent calls: the second must return the row of the first. A missing row cannot be locked; the table can.
  await tx.execute(sql`lock table ${communicationAllowlist} in share row exclusive mode`);
  const [before] = await tx.select().from(communicationAllowlist).where(matches({ recipient, channel }));
  const target = [communicationAllowlist.recipient, communicationAllowlist.channel];
  await tx.insert(communicationAllowlist).values(entry).onConflictDoUpdate({ target, set });
  return before;
}

/** @returns the deleted entry; undefined without one */
export async function disallow(tx: Tx, key: EntryKey): Promise<AllowlistEntry | undefined> {
  const [gone] = await tx.delete(communicationAllowlist).where(matches(key)).returning();
  return gone;
}

function matches({ recipient, channel }: EntryKey) {
  return and(eq(communicationAllowlist.recipient, recipient), eq(communicationAllowlist.channel, channel));
}
