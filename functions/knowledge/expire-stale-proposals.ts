import { KNOWLEDGE_KINDS } from "#data/knowledge/knowledge-schema.ts";
import { countExpired, expireProposal, expireProposals, oldestStaleProposal } from "#data/knowledge/stale-proposals.ts";
import { daysBefore, defineJob, linear, schedule, writes, z } from "#jobs";
import { knowledgeEvent } from "#rules/knowledge/knowledge-events.ts";
import { knowledge } from "../families.ts";

/**
 * Rejects pending proposals that were created more than KNOWLEDGE_PROPOSAL_EXPIRATION_DAYS times 24 hours before the
 * slot. Running twice is safe: a rejected proposal is no longer pending. A person who decides at the same moment either
 * comes first, or meets a rejected proposal.
 */
export const expireStaleProposals = defineJob({
  id: "expire_stale_proposals",
  family: knowledge,
  summary: "Reject pending proposals that are too old",
  on: schedule("0 0 2 * * *", "UTC"),
  input: z.strictObject({}),
  retry: linear({ retries: 2, delay: "10s" }),
  gates: [writes],

  async run({ db, asOf, batches, clock, finish, publish, run, settings, transaction }) {
    const days = settings.KNOWLEDGE_PROPOSAL_EXPIRATION_DAYS;
    for (const kind of KNOWLEDGE_KINDS) {
      const expiry = {
        kind,
        cutoff: daysBefore(asOf, days),
        notes: `Auto-rejected: expired after ${days} days`,
        who: run.jobId,
        runId: run.id,
        now: clock.now(),
      };
      for (;;) {
        await batches(1_000, async (tx, limit) => ({ expired: await expireProposals(tx, expiry, limit) }));
        // What is left was locked. A transaction that waits for a single row, and holds no other, cannot deadlock.
        const locked = await oldestStaleProposal(db, expiry);
        if (locked === undefined) break;
        await transaction((tx) => expireProposal(tx, expiry, locked));
      }
    }
    return finish(async (tx) => {
      // The audit counts the attempts of this run together. A tick may come a moment before its slot.
      const { topic, atom } = await countExpired(tx, run.id, daysBefore(asOf, 1));
      const total = topic + atom;
      const counts = { topicsExpired: topic, atomsExpired: atom, totalExpired: total };
      if (total > 0) {
        publish(tx, [knowledgeEvent("proposals.expired", { ...counts, expirationDays: days, runId: run.id })]);
      }
      return { topics_expired: topic, atoms_expired: atom, total_expired: total };
    });
  },
});
