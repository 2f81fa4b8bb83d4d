import { sql } from "drizzle-orm";
import { textArray } from "../array-literal.ts";
import type { Tx } from "../client.ts";
import { at } from "../sql-instant.ts";
import type { Source } from "./personal-ops-schema.ts";

export interface WorkflowFailure {
  readonly id: string;
  readonly workflowId: string;
  readonly status: string;
  readonly startedAt: Date | null;
  readonly stoppedAt: Date | null;
}

/** Stores executions, each once. @returns the new ones of each workflow */
export async function storeExecutions(
  tx: Tx,
  source: Source,
  executions: readonly WorkflowFailure[],
  now: Date,
): Promise<ReadonlyMap<string, number>> {
  if (executions.length === 0) return new Map();
  const rows = await tx.execute<{ workflowId: string }>(sql`
    insert into personal_ops.workflow_executions
           (source, execution_id, workflow_id, status, started_at, stopped_at, stored_at)
    select ${source}, given.id, given."workflowId", given.status, given."startedAt", given."stoppedAt", ${at(now)}
      from jsonb_to_recordset(${JSON.stringify(executions)}::jsonb)
           as given(id text, "workflowId" text, status text, "startedAt" timestamptz, "stoppedAt" timestamptz)
    on conflict (source, execution_id) do nothing
    returning workflow_id as "workflowId"`);
  return new Map([...Map.groupBy(rows, ({ workflowId }) => workflowId)].map(([id, { length }]) => [id, length]));
}

/** A workflow that fails repeatedly. */
export interface FailingWorkflow {
  readonly workflowId: string;
  /** Null where no execution has it yet. */
  readonly workflowName: string | null;
  /** Since the given instant. */
  readonly failures: number;
  /** Whether its incident is not resolved yet: then only new failures count on it. */
  readonly hasIncident: boolean;
}

/** Those of some workflows with at least so many failures since an instant. */
export async function failingWorkflows(
  tx: Tx,
  { source, ids, since, atLeast }: { source: Source; ids: readonly string[]; since: Date; atLeast: number },
): Promise<readonly FailingWorkflow[]> {
  if (ids.length === 0) return [];
  return tx.execute<FailingWorkflow & Record<string, unknown>>(sql`
    select workflow_id as "workflowId", max(workflow_name) as "workflowName", count(*)::integer as failures,
           exists (select from personal_ops.incidents i
                    where i.type = 'workflow_failures' and i.key = workflow_id and i.status <> 'resolved') as "hasIncident"
      from personal_ops.workflow_executions
     where source = ${source} and workflow_id = any(${textArray(ids)}::text[])
       and coalesce(stopped_at, started_at, stored_at) >= ${at(since)}
     group by workflow_id
    having count(*) >= ${atLeast}
     order by workflow_id`);
}
