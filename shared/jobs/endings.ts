import { type Duration, milliseconds } from "#schedule/duration.ts";

/** A job throws this to end its run as `cancelled`, without a retry: there is nothing left to do. */
export class Cancel extends Error {
  override name = "Cancel";
}

/** A job throws this to run again later without spending an attempt: what it needs is not there yet. */
export class Snooze extends Error {
  override name = "Snooze";
  readonly delayMs: number;
  constructor(delay: Duration, reason: string) {
    super(reason);
    this.delayMs = milliseconds(delay);
  }
}

/**
 * This process no longer holds the run: its lease expired, and the rescue or a cancel took the run. Also for a process
 * that could not renew its lease for as long as it lasts. The work may not write any more.
 */
export class LeaseLost extends Error {
  override name = "LeaseLost";
  constructor(runId: string) {
    super(
      `run ${runId} is no longer held by this process: its lease expired, and another process has rescued or ended it`,
    );
  }
}

/** The run took longer than its job allows. */
export class RunTimeout extends Error {
  override name = "RunTimeout";
  readonly errorClass = "transient";
}

/** This process is stopping; another one continues the run, and no attempt is lost. */
export class Interrupted extends Error {
  override name = "Interrupted";
}

/**
 * A gate closed during the run: a control that it needs was turned off, or the kill switch on. The run waits until the
 * gate opens; the stopped attempt does not count.
 */
export class GateClosed extends Error {
  override name = "GateClosed";
  /** The code of the gate: `kill-switch`, `jobs-disabled`, `write-disabled`, `comms-disabled`. */
  readonly code: string;
  constructor(code: string, reason: string) {
    super(reason);
    this.code = code;
  }
}

/** A person has requested the run to stop. */
export class CancelRequested extends Error {
  override name = "CancelRequested";
}

/** The input is invalid or breaks a business rule: a retry cannot help. Names each field and the reason. */
export class InvalidInput extends Error {
  override name = "InvalidInput";
  readonly errorClass = "validation";
  readonly issues: readonly { field: string; reason: string }[];
  constructor(issues: readonly { field: string; reason: string }[]) {
    super(issues.map(({ field, reason }) => `${field}: ${reason}`).join("; "));
    this.issues = issues;
  }
}
