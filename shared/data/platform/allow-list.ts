import { and, eq, sql } from "drizzle-orm";
import type { Executor, Tx } from "../client.ts";
import { type AllowlistEntry, communicationAllowlist } from "./notification-schema.ts";

type Place = Pick<AllowlistEntry, "recipient" | "channel">;

/** Entries by recipient and channel, after a place. */
export async function listAllowed(
  db: Executor,
  filter: Partial<Place> & { readonly after?: Place | undefined; readonly limit: number },
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

/** Lets a recipient be reached at an address of a channel, instead of the one before. @returns that one */
export async function allow(tx: Tx, entry: AllowlistEntry): Promise<AllowlistEntry | undefined> {
  const { recipient, channel, ...set } = entry;
  // Of two at once the second has to see what it replaces, and a row that is not there yet cannot be locked.
  await tx.execute(sql`lock table ${communicationAllowlist} in share row exclusive mode`);
  const [before] = await tx.select().from(communicationAllowlist).where(at({ recipient, channel }));
  const target = [communicationAllowlist.recipient, communicationAllowlist.channel];
  await tx.insert(communicationAllowlist).values(entry).onConflictDoUpdate({ target, set });
  return before;
}

/** @returns the entry that is gone; undefined when there was none */
export async function disallow(tx: Tx, place: Place): Promise<AllowlistEntry | undefined> {
  const [gone] = await tx.delete(communicationAllowlist).where(at(place)).returning();
  return gone;
}

function at({ recipient, channel }: Place) {
  return and(eq(communicationAllowlist.recipient, recipient), eq(communicationAllowlist.channel, channel));
}
