import { sql } from "drizzle-orm";
import type { Db, Executor } from "#data/client.ts";
import { raiseIncident } from "#data/personal-ops/incidents.ts";

/** Stores a pattern with a pending proposal. @returns the id of the proposal */
export async function aPatternProposal(db: Executor, title: string): Promise<number> {
  const [row] = await db.execute<{ id: number }>(sql`
    with pattern as (
      insert into personal_ops.patterns (type, fingerprint, confidence, title, evidence, first_seen, last_seen)
      values ('repeated_failure', ${title}, 0.8, ${title}, ${JSON.stringify({ offer: `Do ${title}.` })}::jsonb, now(), now())
      returning id)
    insert into personal_ops.proposals (pattern_id, title, body, confidence, created_at, place_in_hour)
    select id, ${title}, ${`Do ${title}.`}, 0.8, now(),
           1 + (select count(*) from personal_ops.proposals where hour = date_trunc('hour', now() at time zone 'UTC'))
      from pattern
    returning id::float8 as id`);
  return row!.id;
}

/** Stores an open incident of a key. @returns its id */
export async function anIncident(db: Db, key: string, now: Date): Promise<number> {
  const cause = { type: "action_failures", key, severity: "WARN", title: `${key} fails` } as const;
  return (await db.transaction((tx) => raiseIncident(tx, cause, now))).id;
}
