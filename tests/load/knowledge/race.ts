import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { connect, type Db } from "#data/client.ts";
import { atomProposals, atoms, topicProposals, topics } from "#data/knowledge/knowledge-schema.ts";
import { seededRandom } from "../environment/seeded-random.ts";
import { cachePlanted, conceptOf, insertKnown, insertProposals, plantProposals } from "./planted-proposals.ts";

/** What the tables have after a race. */
export interface RaceResult {
  readonly ms: number;
  readonly kills: number;
  readonly proposals: number;
  /** Topics and atoms that were known before. */
  readonly known: number;
  readonly approved: number;
  /** Flagged by a scan, and by an approval. */
  readonly flagged: number;
  readonly twins: number;
  /** Compared, with too little confidence. */
  readonly uncertain: number;
  readonly runs: number;
  readonly problems: readonly string[];
}

/** Proposals that are added at once, while the processes work. */
const WAVE = 100;

/**
 * Processes scan and review planted proposals against each other, while more are added and processes are killed.
 * Afterwards each concept must have exactly one entity, and each proposal its result.
 */
export async function runRace(
  databaseUrl: string,
  { count, processes, kills, seed }: { count: number; processes: number; kills: number; seed: number },
): Promise<RaceResult> {
  const db = connect({ url: databaseUrl, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
  const random = seededRandom(seed);
  const { known, proposals } = plantProposals(count, seed);
  const workers: ChildProcess[] = [];
  try {
    await cachePlanted(db, [...known, ...proposals]);
    await insertKnown(db, known);
    const startedAt = Date.now();
    const start = (which: number) => {
      const args = [join(import.meta.dirname, "race-process.ts"), databaseUrl, String(count), String(seed + which)];
      workers[which % processes] = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    };
    for (let which = 0; which < processes; which++) start(which);
    let [added, killed] = [0, 0];
    for (;;) {
      const settled = await countSettled(db);
      if (added < count && settled >= added - WAVE) {
        await db.transaction((tx) => insertProposals(tx, proposals.slice(added, added + WAVE)));
        added = Math.min(count, added + WAVE);
      }
      if (killed < kills && settled > ((killed + 1) / (kills + 1)) * count * 0.9) {
        const which = Math.floor(random() * processes);
        workers[which]!.kill("SIGKILL");
        await ended(workers[which]!);
        killed += 1;
        start(which + processes * killed);
      }
      const failed = workers.find(({ exitCode }) => exitCode !== null && exitCode !== 0);
      if (failed) throw new Error(`a process ended with ${failed.exitCode}`);
      if (added >= count && killed === kills && workers.every(({ exitCode }) => exitCode === 0)) break;
      await sleep(10);
    }
    return { ms: Date.now() - startedAt, kills: killed, known: known.length, ...(await account(db, count)) };
  } finally {
    for (const worker of workers) worker.kill("SIGKILL");
    await db.$client.end();
  }
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}

const allProposals = sql`
  (select 'topic' as kind, id, status, topic_id as entity_id, similar_topic_id as similar_id, similarity_type, confidence,
          compared_version, proposed_name as text from ${topicProposals}
   union all
   select 'atom', id, status, atom_id, similar_atom_id, similarity_type, confidence, compared_version, proposed_title
     from ${atomProposals}) as proposal`;
const allEntities = sql`
  (select 'topic' as kind, id, content_hash, name as text from ${topics}
   union all select 'atom', id, content_hash, title from ${atoms}) as entity`;

async function countSettled(db: Db): Promise<number> {
  const [row] = await db.execute<{ n: number }>(sql`
    select count(*)::integer as n from ${allProposals}
     where status <> 'pending' or similar_id is not null or (confidence < 0.95 and compared_version is not null)`);
  return row!.n;
}

async function account(db: Db, count: number): Promise<Omit<RaceResult, "ms" | "kills" | "known">> {
  type Proposal = { kind: string; id: string; status: string; type: string | null; confidence: number; text: string };
  const proposals = await db.execute<Proposal & { entity: string | null; similar: string | null }>(sql`
    select kind, id::text, status, similarity_type as type, confidence, text, entity_id::text as entity,
           similar_id::text as similar from ${allProposals}`);
  const entities = await db.execute<{ kind: string; id: string; text: string; vectors: number }>(sql`
    select kind, id::text, text,
           (select count(*)::integer from vectors.items as item
             where item.kind = entity.kind and item.id = entity.id
               and item.content_hash = entity.content_hash) as vectors
      from ${allEntities}`);
  const audited = await db.execute<{ subject: string; n: number }>(sql`
    select replace(subject_type, '_proposal', '') || ' ' || subject_id as subject, count(*)::integer as n
      from knowledge.audit_trail where action = 'approved' group by 1`);
  const [runs] = await db.execute<{ n: number; failed: number }>(sql`
    select count(*)::integer as n, count(*) filter (where item_failure_count > 0)::integer as failed
      from platform.job_runs`);

  const problems: string[] = [];
  const concepts = Map.groupBy(entities, ({ text }) => conceptOf(text));
  for (const [concept, made] of concepts) {
    if (made.length > 1) problems.push(`concept ${concept} has ${made.length} entities: a duplicate was approved`);
  }
  const approved = proposals.filter(({ status }) => status === "approved");
  const flagged = proposals.filter(({ status, similar }) => status === "pending" && similar !== null);
  const uncertain = proposals.filter(
    ({ status, similar, confidence }) => status === "pending" && similar === null && confidence < 0.95,
  );
  const settled = approved.length + flagged.length + uncertain.length;
  if (proposals.length !== count || settled !== count) {
    problems.push(`${count - settled} of ${count} proposals are lost or open`);
  }
  const byId = new Map(entities.map((entity) => [`${entity.kind} ${entity.id}`, entity]));
  for (const { kind, id, entity, similar, text } of [...approved, ...flagged]) {
    const other = byId.get(`${kind} ${entity ?? similar}`);
    if (!other || conceptOf(other.text) !== conceptOf(text)) {
      problems.push(`${kind} proposal ${id} (${text}) has the entity ${other?.text ?? "of no row"}`);
    }
  }
  for (const { kind, id, vectors } of entities) {
    if (vectors !== 1) problems.push(`${kind} ${id} has ${vectors} vectors of its text`);
  }
  const entries = new Map(audited.map(({ subject, n }) => [subject, n]));
  for (const { kind, id } of approved) {
    const n = entries.get(`${kind} ${id}`) ?? 0;
    if (n !== 1) problems.push(`${kind} proposal ${id} has ${n} audit entries`);
  }
  if (entries.size !== approved.length) {
    problems.push(`${entries.size} proposals have audit entries, ${approved.length} are approved`);
  }
  if (runs!.failed > 0) problems.push(`${runs!.failed} runs have failed items`);
  return {
    proposals: proposals.length,
    approved: approved.length,
    flagged: flagged.filter(({ type }) => type !== "pending_twin").length,
    twins: flagged.filter(({ type }) => type === "pending_twin").length,
    uncertain: uncertain.length,
    runs: runs!.n,
    problems,
  };
}
