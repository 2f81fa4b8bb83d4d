import { type Duration, milliseconds } from "#schedule/duration.ts";

/** Thrown by a job to end its run for good as `cancelled`: there is nothing left to do, and no retry will change that. */
export class Cancel extends Error {
  override name = "Cancel";
}

/** Thrown by a job to be run again later without spending an attempt: what it needs is not there yet. */
export class Snooze extends Error {
  override name = "Snooze";
  readonly delayMs: number;
  constructor(delay: Duration, reason: string) {
    super(reason);
    this.delayMs = milliseconds(delay);
  }
}

/** The run was taken from this process while it worked (its lease lapsed): nothing of it may be written any more. */
export class LeaseLost extends Error {
  override name = "LeaseLost";
  constructor(runId: string) {
    super(`run ${runId} is no longer ours: its lease lapsed and it was rescued or ended elsewhere`);
  }
}

/** The run took longer than its job allows. */
export class RunTimeout extends Error {
  override name = "RunTimeout";
  readonly errorClass = "transient";
}

/** This process is stopping; the run goes on elsewhere, with no attempt lost. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/** A gate closed while the run was under way: a switch was turned off that it needs, or the kill switch on. */
export class GateClosed extends Error {
  override name = "GateClosed";
  /** Of the gate: `kill-switch`, `jobs-disabled`, `write-disabled`, `comms-disabled`. */
  readonly code: string;
  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** A person asked for the run to stop. */
export class CancelRequested extends Error {
  override name = "CancelRequested";
}

/** The input or a business rule is wrong: trying again cannot help. Names the field and the reason. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
  readonly errorClass = "validation";
  readonly issues: readonly { field: string; reason: string }[];
  constructor(issues: readonly { field: string; reason: string }[]) {
    super(issues.map(({ field, reason }) => `${field}: ${reason}`).join("; "));
    this.issues = issues;
  }
}
