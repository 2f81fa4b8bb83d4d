import type { Run, Trigger } from "#data/platform/platform-schema.ts";
import type { NewRun } from "#data/platform/waiting-runs.ts";
import { rowId } from "#data/row-ids.ts";
import { readInput } from "#jobs/input.ts";
import type { Job } from "#jobs/job.ts";
import type { RunnerDependencies } from "./dependencies.ts";

export interface RunRequest {
  /** The id of the run. Default: a new one. */
  readonly id?: string;
  readonly input: unknown;
  readonly trigger: Exclude<Trigger, "schedule">;
  readonly requestedBy: string;
  readonly correlationId?: string;
  readonly parentRunId?: string;
  /** The instant that the run stands for. Default: the time of the request. */
  readonly asOf?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** Whose child a run is. */
export type ParentRun = Pick<Run, "id" | "jobId" | "correlationId">;

type NewRunTools = Pick<RunnerDependencies, "clock" | "settingsOf" | "correlationId">;

/**
 * The ledger row of a request.
 * @param input what the job's schema makes of the request's input. Default: it is read here
 * @throws InvalidInput when the input does not match the job's schema
 */
export function newRun(
  deps: NewRunTools,
  job: Job,
  request: RunRequest,
  input: unknown = readInput(job, request.input),
): NewRun {
  return {
    ...rowOf(deps, job, { id: request.id, input, trigger: request.trigger }),
    // As requested: the schema reads it again at each attempt, and what the schema makes of it need not be JSON.
    input: request.input ?? {},
    requestedBy: request.requestedBy,
    ...(request.correlationId && { correlationId: request.correlationId }),
    ...(request.parentRunId && { parentRunId: request.parentRunId }),
    ...(request.asOf && { asOf: request.asOf }),
    ...(request.idempotencyKey && { idempotencyKey: request.idempotencyKey }),
  };
}

/** The ledger row of a slot of the job's schedule. */
export function newSlotRun(deps: NewRunTools, job: Job, slot: Date): NewRun & { readonly scheduledFor: Date } {
  return { ...rowOf(deps, job, { input: readInput(job, {}), trigger: "schedule" }), scheduledFor: slot };
}

/** The request of one run for another, its child. */
export function childRequest({ id, jobId, correlationId }: ParentRun, input: unknown): RunRequest {
  return { input, trigger: "chain", requestedBy: `job:${jobId}`, correlationId, parentRunId: id };
}

function rowOf(
  { clock, settingsOf, correlationId }: NewRunTools,
  job: Job,
  { id = rowId(clock.now()), input, trigger }: { id?: string | undefined; input: unknown; trigger: Trigger },
): NewRun {
  return {
    id,
    jobId: job.id,
    family: job.family.id,
    trigger,
    input: {},
    maxAttempts: settingsOf(job).maxRetries + 1,
    concurrencyKey: job.concurrencyKey(input),
    correlationId: correlationId?.() ?? id,
  };
}
