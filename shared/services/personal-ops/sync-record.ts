import type { Tx } from "#data/client.ts";
import { raiseIncident } from "#data/personal-ops/incidents.ts";
import type { Source } from "#data/personal-ops/personal-ops-schema.ts";
import { advanceSync, beginSync, completeSync, failSync, type HeldSync } from "#data/personal-ops/source-syncs.ts";
import type { Counts, JobContext } from "#jobs/context.ts";
import { Snooze } from "#jobs/endings.ts";
import { asError, classify } from "#jobs/error-class.ts";
import { providerWaitOf } from "#jobs/provider-wait.ts";
import { redactedText } from "#redaction/redacted-text.ts";
import { isAlertDue } from "./alert-after-failures.ts";

export type SyncContext = JobContext<unknown>;

/** What a synchronisation did, or why it did nothing. A failure throws. */
export type SyncResult =
  | { readonly state: "synchronised"; readonly source: Source; readonly counts: Counts }
  | { readonly state: "not configured" | "busy"; readonly source: Source; readonly reason: string };

/** What a transaction of a synchronisation commits. */
interface Advance {
  readonly items: number;
  readonly watermark?: object | undefined;
}

/** An open synchronisation. */
export interface SyncProgress {
  /** Where it continues, in the source's own form; null for the first one. */
  readonly watermark: unknown;
  /**
   * Commits items together with the watermark after them. The watermark stays when `work` returns none.
   * @throws SyncTaken when another run synchronises the source
   */
  readonly commit: <Committed extends Advance>(work: (tx: Tx) => Promise<Committed>) => Promise<Committed>;
}

/**
 * Synchronises a source under its record in `data_source_sync`: its start, its end, what it stored and how often it
 * failed in a row. One run at a time synchronises a source, whatever its job. A run that is stopped or has to wait
 * leaves the record open and continues from the watermark.
 * @param work returns what it counted
 * @throws what `work` throws, after it is recorded; three failures in a row, or one of authentication, are an incident
 */
export async function withSyncRecord(
  context: SyncContext,
  source: Source,
  work: (sync: SyncProgress) => Promise<Counts>,
): Promise<SyncResult> {
  const { db, clock, run, transaction } = context;
  const held: HeldSync = { source, runId: run.id };
  const begun = await beginSync(db, held, clock.now());
  if (!begun) return { state: "busy", source, reason: `another run synchronises ${source} now` };
  try {
    const counts = await work({
      watermark: begun.watermark,
      commit: (write) =>
        transaction(async (tx) => {
          const committed = await write(tx);
          await advanceSync(tx, held, committed);
          return committed;
        }),
    });
    await transaction((tx) => completeSync(tx, held, clock.now()));
    return { state: "synchronised", source, counts };
  } catch (error) {
    if (!isInterruption(context, error)) await recordFailure(context, held, asError(error));
    throw error;
  }
}

/** Whether the run continues later: a gate closed, the app stops, or the provider has to rest. */
function isInterruption({ signal }: SyncContext, error: unknown): boolean {
  return signal.aborted || error instanceof Snooze || providerWaitOf(error) !== undefined;
}

async function recordFailure({ clock, log, transaction }: SyncContext, held: HeldSync, error: Error): Promise<void> {
  const { source } = held;
  const now = clock.now();
  const message = redactedText(error.message, 2_000);
  try {
    await transaction(async (tx) => {
      const failures = await failSync(tx, held, message, now);
      if (!isAlertDue(failures, classify(error))) return;
      const title = `The synchronisation of ${source} fails`;
      await raiseIncident(tx, { type: "sync_failures", key: source, severity: "WARN", title, detail: message }, now);
    });
  } catch (unrecorded) {
    // The failure of the synchronisation is the one to report.
    log.error("The failure of a synchronisation could not be recorded", { source, error: unrecorded });
  }
}
