import type { z } from "zod";
import type { Tx } from "#data/client.ts";
import type { Gated } from "#data/platform/gate-refusals.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Overlap } from "#data/platform/run-claims.ts";
import { familyScope, jobScope, type Scope } from "#data/platform/scope.ts";
import type { Schedule } from "#schedule/index.ts";
import type { Family, OnTransition } from "./family.ts";
import type { Gate } from "./gates.ts";
import type { InputFacts } from "./input-facts.ts";
import type { RetryPolicy } from "./retry.ts";
import type { Missed, Trigger } from "./triggers.ts";
import type { UnavailableHook } from "./unavailable-hook.ts";
import type { BatchWork, ItemWork, RunWork, UpkeepWork } from "./work.ts";

/** A job as the layer sees it. `defineJob` makes it; importing it registers nothing. */
export interface Job {
  readonly id: string;
  /** Earlier ids, under which its settings are still read. */
  readonly formerIds: readonly string[];
  readonly family: Family;
  readonly summary: string;
  readonly on: Trigger;
  readonly input: z.ZodType;
  /** Throws InvalidInput for an input that cannot succeed, although it matches the schema: see `checkedInput`. */
  readonly checkInput?: (input: unknown, facts: InputFacts) => void | Promise<void>;
  readonly retry: RetryPolicy;
  readonly timeoutMs: number;
  readonly concurrencyKey: (input: unknown) => string | null;
  readonly gates: readonly Gate[];
  /** The job's own queue, with the most runs that one invocation takes; null: the queue that jobs share. */
  readonly queue: { readonly batch: number } | null;
  readonly onTransition?: OnTransition;
  readonly onDiscarded?: (tx: Tx, runs: readonly Run[]) => Promise<void>;
  readonly onUnavailable?: UnavailableHook;
  readonly work: JobWork;
  readonly missed: Missed;
  /** Null: never too late. */
  readonly maxLatenessMs: number | null;
  readonly overlap: Overlap;
  /** Ids of the jobs that run after each success. */
  readonly then: readonly string[];
  /** Runs while `jobs_enabled` is off: the layer's own maintenance, which all runs need, and its monitor. */
  readonly upkeep: boolean;
  /** Whether it runs where no `<ID>_ENABLED` is set. */
  readonly enabledByDefault: boolean;
  /** The setting that replaces the time zone of its schedule. */
  readonly zoneSetting: string | undefined;
  /** Names of the changeable settings that it reads. */
  readonly changeableSettings: readonly string[];
}

/** The body of a job with its form. */
export type JobWork =
  | { readonly kind: "run"; readonly run: RunWork<never>["run"] }
  | { readonly kind: "upkeep"; readonly run: UpkeepWork<never>["run"] }
  | ({ readonly kind: "items"; readonly tolerateShare: number } & ItemWork<never, never>)
  | ({ readonly kind: "batch" } & BatchWork<never>);

export function isScheduled(job: Job): job is Job & { on: Schedule } {
  return "expression" in job.on;
}

/** Which of the database's controls must be on, in the words of `platform.gate_refusal`. */
export function needsOf({ upkeep, gates }: Pick<Job, "upkeep" | "gates">): string[] {
  return [...(upkeep ? [] : ["jobs"]), ...gates.flatMap(({ need }) => need ?? [])];
}

/** The scopes whose pause stops the job: only a pause of the job itself stops an upkeep job. */
export function pauseScopesOf({ id, family, upkeep }: Pick<Job, "id" | "family" | "upkeep">): Scope[] {
  return upkeep ? [jobScope(id)] : [jobScope(id), "all", familyScope(family.id)];
}

/** What the database's gates ask about a job. */
export function gatedOf(job: Pick<Job, "id" | "family" | "upkeep" | "gates">): Gated {
  return { jobId: job.id, family: job.family.id, needs: needsOf(job) };
}
