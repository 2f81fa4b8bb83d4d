import { sql } from "drizzle-orm";
import type { Tx } from "../client.ts";
import { atomProposals, atoms, topicProposals } from "./knowledge-schema.ts";

/**
 * Keeps the topic proposal of an atom proposal undecided until the transaction ends. An atom that is made meanwhile
 * either has the topic that came of it, or is among the atoms that `assignTopic` finds.
 */
export async function holdTopicProposal(tx: Tx, atomProposalId: number): Promise<void> {
  await tx.execute(sql`
    select from ${topicProposals} as topic
     where id = (select topic_proposal_id from ${atomProposals} where id = ${atomProposalId}) for share`);
}

/**
 * Gives the topic that came of a proposal, or that it was merged into, to the atoms that wait for it. The proposal is
 * locked for an update.
 */
export async function assignTopic(tx: Tx, topicProposalId: number, topicId: number): Promise<void> {
  await tx.execute(sql`
    update ${atoms} set topic_id = ${topicId}, topic_proposal_id = null where topic_proposal_id = ${topicProposalId}`);
}
