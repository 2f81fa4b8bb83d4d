import { tracingChannel } from "node:diagnostics_channel";
import type { Run } from "#data/platform/platform-schema.ts";
import type { Ending } from "./ending.ts";

/** The runs that this process executes in one attempt: a single run, or those of a batch that are executed together. */
export interface Attempt {
  readonly jobId: string;
  readonly runs: readonly Run[];
  /** How a single run ended, once it has. */
  result?: Ending;
  /** What the work of a batch threw. */
  error?: unknown;
}

/** Publishes the start and the end of each attempt. What an attempt calls is called within its context. */
export const attempts = tracingChannel<unknown, Attempt>("rota.attempt");
