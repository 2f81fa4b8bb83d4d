import { sql } from "drizzle-orm";
import { plainArray } from "../array-literal.ts";
import type { Tx } from "../client.ts";
import { at, dateOf } from "../sql-instant.ts";
import type { ExtractionRun } from "./knowledge-schema.ts";

/** An extraction that is deleted. */
export interface OrphanedExtraction extends Pick<ExtractionRun, "id" | "state" | "requestedBy"> {
  readonly createdAt: Date;
  /** How many messages it has. */
  readonly messages: number;
}

/**
 * Deletes ended extractions from before an instant without proposals, oldest first, and the messages that no other
 * extraction has. A waiting extraction stays, however old: its proposals are still to come.
 */
export async function deleteOrphanedExtractions(
  tx: Tx,
  { before, limit }: { before: Date; limit: number },
): Promise<OrphanedExtraction[]> {
  // A transaction that adds proposals holds a lock on their extraction, so this skips it.
  const locked = await tx.execute<{ id: string }>(sql`
    select id from knowledge.extraction_runs as run
     where created_at < ${at(before)} and state <> 'queued' and ${hasNoProposals()}
     order by created_at, id limit ${limit} for update skip locked`);
  const linked = await tx.execute<{ id: string }>(sql`
    select distinct message_id as id from knowledge.extraction_messages
     where extraction_run_id = any (${idsOf(locked)})`);
  // Without proposals also now: some may have been committed after the snapshot of the first statement.
  const deleted = await tx.execute(sql`
    delete from knowledge.extraction_runs as run where id = any (${idsOf(locked)}) and ${hasNoProposals()}
    returning id, state, requested_by, created_at,
              (select count(*)::integer from knowledge.extraction_messages where extraction_run_id = run.id) as messages`);
  await deleteUnusedMessages(tx, linked);
  return deleted.map((row) => ({
    id: row.id as string,
    state: row.state as ExtractionRun["state"],
    requestedBy: row.requested_by as string,
    createdAt: dateOf(row.created_at)!,
    messages: row.messages as number,
  }));
}

/** A request that adds a known message holds a lock on it, so its message is skipped. */
async function deleteUnusedMessages(tx: Tx, messages: readonly { readonly id: string }[]): Promise<void> {
  const locked = await tx.execute<{ id: string }>(sql`
    select id from knowledge.messages where id = any (${idsOf(messages)}) order by id for update skip locked`);
  await tx.execute(sql`
    delete from knowledge.messages where id = any (${idsOf(locked)})
       and not exists (select from knowledge.extraction_messages where message_id = messages.id)`);
}

function hasNoProposals() {
  return sql`not exists (select from knowledge.topic_proposals where extraction_run_id = run.id)
         and not exists (select from knowledge.atom_proposals where extraction_run_id = run.id)`;
}

function idsOf(rows: readonly { readonly id: string }[]) {
  return sql`${plainArray(rows.map(({ id }) => id))}::uuid[]`;
}
