import { v7 as uuidv7 } from "uuid";
import type { Executor, Tx } from "../../data/client.ts";
import {
  cancelWaitingRun,
  claimRuns,
  claimSlot,
  dueRuns,
  findRun,
  gateRefusal,
  insertQueuedRun,
  insertQueuedRuns,
  insertSkippedRun,
  lapsedRuns,
  requestCancel,
  skipWaitingRun,
  type Gated,
  type NewRun,
  type Refusal,
  type SlotClaim,
} from "../../data/platform/job-runs.ts";
import { recordAudit } from "../../data/platform/audit-log.ts";
import { pausedUntil } from "../../data/platform/pauses.ts";
import type { Run, RunState, Trigger } from "../../data/platform/schema.ts";
import { isScheduled, needsOf, type BatchWork, type Job, type RunResult } from "../define-job.ts";
import { Interrupted, RunTimeout } from "../endings.ts";
import { isUniqueViolation } from "../error-class.ts";
import { refusalOf } from "../gates.ts";
import { inWords } from "../duration.ts";
import { readInput } from "../input.ts";
import { previousOccurrence, type Schedule } from "../schedule/index.ts";
import type { JobLog } from "../job-log.ts";
import { attempt } from "./attempt.ts";
import { performBatch } from "./batch.ts";
import { Backfills } from "./backfills.ts";
import type { RunnerDependencies } from "./dependencies.ts";
import { Heartbeat, type HeldRun } from "./heartbeat.ts";
import { recordMissed } from "./missed.ts";
import { Settlement } from "./settlement.ts";
import { returned, type Ending } from "./transition.ts";

export interface RunRequest {
  readonly input: unknown;
  readonly trigger: Exclude<Trigger, "schedule">;
  readonly requestedBy: string;
  readonly correlationId?: string;
  readonly parentRunId?: string;
  /** The moment that the run stands for. Default: when it was asked for. */
  readonly asOf?: Date | null;
  readonly idempotencyKey?: string | null;
}

/** Runs whose message should have come this long ago are picked up by the sweep. */
const OVERDUE_MS = 10_000;
/** How long a run waits before it looks again whether its concurrency key is free. */
const BUSY_WAIT_MS = 1_000;
/** Runs of one batch that are performed side by side. */
const SIDE_BY_SIDE = 16;

/**
 * Takes runs through their life: asked for or ticked → admitted → claimed → performed → settled. Every step that changes
 * the ledger is one conditional statement; nothing is decided from memory.
 */
export class Runner {
  readonly #deps: RunnerDependencies;
  readonly #heartbeat: Heartbeat;
  readonly #settlement: Settlement;
  readonly backfills: Backfills;
  readonly #active = new Set<Promise<unknown>>();
  #stopping = false;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
    this.#heartbeat = new Heartbeat(deps.db, { leaseMs: deps.leaseMs, everyMs: deps.heartbeatMs, log: deps.log });
    this.#settlement = new Settlement({ ...deps, enqueueChild: this.enqueueChild.bind(this) });
    this.backfills = new Backfills(deps, {
      candidate: (job, slot) => this.#newRun(job, readInput(job, {}), "schedule", slot),
      refusal: (job) => this.#refusal(job),
      send: (runs) => this.send(runs),
    });
  }

  /**
   * Runs a scheduled job for one slot, in place; what was missed since the last slot that the ledger knows is recorded first.
   * @param schedule by which slots are found missing; without it none are looked for
   * @param refusal a reason not to run that the tick knows
   * @returns the run as it ended, or undefined when the slot was taken before
   */
  async runSlot(
    job: Job,
    slot: Date,
    { schedule = null, refusal = null }: { schedule?: Schedule | null; refusal?: Refusal | null } = {},
  ): Promise<Run | undefined> {
    if (!isScheduled(job)) throw new TypeError(`${job.id} has no schedule`);
    if (this.#stopping) return undefined;
    const candidate = { ...this.#newRun(job, readInput(job, {}), "schedule"), scheduledFor: slot };
    const facts = {
      needs: needsOf(job),
      refusal: this.#refusal(job) ?? refusal,
      overlap: job.overlap,
      inOrder: job.missed === "all",
      previous: schedule && previousOccurrence(schedule, slot),
      lease: this.#lease,
      now: this.#deps.clock.now(),
    };
    const claim = async () => {
      let claimed: SlotClaim = { run: undefined, gapSince: null };
      await this.#admitted(job, async (db) => (claimed = await claimSlot(db, candidate, facts)).run);
      return claimed;
    };
    let claimed = await claim();
    if (schedule && claimed.gapSince) {
      const missed = {
        schedule,
        since: claimed.gapSince,
        next: slot,
        candidate: () => this.#newRun(job, readInput(job, {}), "schedule"),
      };
      await this.send(await recordMissed(this.#deps, job, missed));
      claimed = await claim();
    }
    // Nothing back means that the slot is taken, or that another slot of this job started in the same instant: the second
    // look sees that one running, and records this slot as skipped.
    const run = claimed.run ?? (await claim()).run;
    if (!run) {
      this.#deps.log.debug("The slot was taken before", { job: job.id, slot });
      return undefined;
    }
    if (run.state === "skipped") {
      this.#logFor(run).info("Skipped", { reason: run.reason });
      return run;
    }
    if (run.state === "queued") {
      this.#logFor(run).info("Waits for the run in its way", { reason: run.reason });
      await this.send([{ ...run, notBefore: new Date(this.#deps.clock.now().getTime() + BUSY_WAIT_MS) }]);
      return run;
    }
    return (await this.#track(this.#carryOut(job, [run])))[0];
  }

  /**
   * Puts a run into the ledger and sends it on its way. A setting that forbids it makes it `skipped` at once; the
   * database's gates are asked when it starts.
   * @throws InvalidInput when the input does not fit the job's schema: nothing is stored then
   */
  async request(job: Job, request: RunRequest): Promise<Run> {
    const { db } = this.#deps;
    const admit = (tx: Executor) => this.admit(tx as Tx, job, request);
    const run = await (job.onTransition ? db.transaction(admit) : admit(db));
    if (run.state === "queued") await this.send([run]);
    return run;
  }

  /**
   * The same in the caller's own transaction. When that has committed, hand a run that is `queued` to `send`.
   * @throws InvalidInput when the input does not fit the job's schema
   */
  async admit(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    const candidate = this.candidate(job, request);
    const refusal = refusalOf(job.gates, this.#deps.gates());
    const now = this.#deps.clock.now();
    const run = refusal
      ? (await insertSkippedRun(tx, candidate, refusal, now))!
      : await insertQueuedRun(tx, candidate, now);
    await job.onTransition?.(tx, run);
    this.#logFor(run).info(refusal ? "Skipped" : "Queued", {
      requestedBy: run.requestedBy,
      reason: run.reason ?? undefined,
    });
    return run;
  }

  /**
   * Puts a run into the ledger in the caller's own transaction: it exists if that commits. Send it with `send` afterwards;
   * when that does not happen any more, the sweep finds it.
   * @throws InvalidInput when the input does not fit the job's schema
   */
  async enqueue(tx: Tx, job: Job, request: RunRequest): Promise<Run> {
    const run = await insertQueuedRun(tx, this.candidate(job, request), this.#deps.clock.now());
    await job.onTransition?.(tx, run);
    return run;
  }

  /**
   * The same for many runs of one job, in one statement.
   * @throws InvalidInput when an input does not fit: then none is stored
   */
  async enqueueAll(
    tx: Executor,
    job: Job,
    requests: readonly RunRequest[],
  ): Promise<Pick<Run, "id" | "jobId" | "notBefore">[]> {
    if (job.onTransition) throw new TypeError(`${job.id} follows each of its runs: enqueue them one by one`);
    const now = this.#deps.clock.now();
    const runs = requests.map((request) => this.candidate(job, request));
    await insertQueuedRuns(tx, runs, now);
    return runs.map(({ id, jobId }) => ({ id, jobId, notBefore: now }));
  }

  /**
   * Puts a run of another job into the ledger in the caller's transaction, as a child of `parent`.
   * @throws TypeError when there is no such job; InvalidInput when the input does not fit it
   */
  async enqueueChild(
    tx: Tx,
    parent: Pick<Run, "id" | "jobId" | "correlationId">,
    jobId: string,
    input: unknown,
  ): Promise<Run> {
    const job = await this.#deps.findJob(jobId);
    if (!job) throw new TypeError(`${parent.jobId}: there is no job ${JSON.stringify(jobId)} to run after it`);
    const { id: parentRunId, correlationId } = parent;
    return this.enqueue(tx, job, {
      input,
      trigger: "chain",
      requestedBy: `job:${parent.jobId}`,
      correlationId,
      parentRunId,
    });
  }

  /** Sends waiting runs on their way. Never throws: what cannot be sent is found by the sweep. */
  async send(runs: readonly Pick<Run, "id" | "jobId" | "notBefore">[]): Promise<void> {
    await this.#settlement.send(runs);
  }

  /**
   * Claims a waiting run and does it.
   * @returns the run as it ended; undefined when there was nothing to do (taken, ended, not due, its key is busy)
   */
  async execute(runId: string): Promise<Run | undefined> {
    const waiting = await findRun(this.#deps.db, runId);
    if (waiting?.state !== "queued" && waiting?.state !== "retrying") return undefined;
    const job = await this.#deps.findJob(waiting.jobId);
    if (!job) {
      this.#logFor(waiting).error("No such job in this version of the app; the run stays where it is");
      return undefined;
    }
    return (await this.executeBatch(job, [runId]))[0];
  }

  /**
   * Claims waiting runs of one job and does them: one statement claims all, one settles all.
   * @returns those that it did, as they ended
   */
  async executeBatch(job: Job, runIds: readonly string[]): Promise<Run[]> {
    if (this.#stopping) return [];
    const runs = await this.#claim(job, runIds);
    const done = runs.length ? this.#track(this.#carryOut(job, runs)) : [];
    const claimed = new Set(runs.map(({ id }) => id));
    for (const id of runIds) if (!claimed.has(id)) await this.#comeBackLater(job, id);
    return done;
  }

  /** Finds due runs that no message brought to a worker, and sends them again; lets backfills go on. @returns how many runs */
  async sweep(limit = 1_000): Promise<number> {
    await this.backfills.goOnAll();
    const now = this.#deps.clock.now();
    const due = await dueRuns(this.#deps.db, now, OVERDUE_MS, limit);
    await this.send(due.map((run) => ({ ...run, notBefore: now })));
    return due.length;
  }

  /** Moves runs whose holder went silent: to their next attempt, or to the dead ones. @returns how many of each */
  async rescue(limit = 1_000): Promise<{ retrying: number; dead: number }> {
    const moved = { retrying: 0, dead: 0 };
    for (const run of await lapsedRuns(this.#deps.db, limit)) {
      const state = await this.#rescueOne(run);
      if (state) moved[state === "dead" ? "dead" : "retrying"] += 1;
    }
    return moved;
  }

  /** Never throws: a run whose own tracking fails must not keep all others with their dead holders. */
  async #rescueOne(run: Run): Promise<RunState | undefined> {
    const error = new LostHolder(`its holder ${run.leaseHolder} went silent while it ran attempt ${run.attempt}`);
    try {
      const job = await this.#deps.findJob(run.jobId);
      const [settled] = await this.#settlement.settle(job, null, [{ run, ending: { kind: "threw", error } }]);
      if (!settled) return undefined;
      this.#logFor(settled).warn("Rescued from a silent holder", { holder: run.leaseHolder, state: settled.state });
      return settled.state;
    } catch (trouble) {
      this.#logFor(run).error("Could not be rescued from a silent holder; the next minute tries again", {
        error: trouble,
      });
      return undefined;
    }
  }

  /**
   * Cancels a waiting run at once; a running one gets its signal with the next heartbeat. Audited in the same transaction.
   * @returns the run as it is then; undefined when there is none or it has ended
   */
  async cancel(runId: string, { reason, who }: { reason: string; who: string }): Promise<Run | undefined> {
    const { db, clock } = this.#deps;
    const before = await findRun(db, runId);
    const job = before && (await this.#deps.findJob(before.jobId));
    const now = clock.now();
    return db.transaction(async (tx) => {
      const cancelled = await cancelWaitingRun(tx, runId, reason, now);
      if (cancelled) await job?.onTransition?.(tx, cancelled);
      const run = cancelled ?? (await requestCancel(tx, runId, reason, now));
      if (run) await recordAudit(tx, { at: now, who, action: "run cancelled", subject: `run:${runId}`, reason });
      return run;
    });
  }

  /**
   * Stops gracefully: nothing new starts, what runs gets `graceMs`, then its signal; it goes on elsewhere with no attempt
   * lost.
   */
  async drain(graceMs: number): Promise<void> {
    this.#stopping = true;
    const finished = Promise.allSettled(this.#active);
    const timer = setTimeout(() => {
      for (const held of this.#heartbeat.runs()) held.abort.abort(new Interrupted("this process is stopping"));
    }, graceMs);
    await finished;
    clearTimeout(timer);
  }

  get activeRuns(): number {
    return this.#heartbeat.size;
  }

  async #claim(job: Job, ids: readonly string[]): Promise<Run[]> {
    const { db, clock } = this.#deps;
    const claim = async (tx: Executor, some: readonly string[]) => {
      const runs = await claimRuns(tx, some, gated(job), this.#lease, clock.now());
      for (const run of runs) await job.onTransition?.(tx as Tx, run);
      return runs;
    };
    const refusal = this.#refusal(job);
    if (refusal) {
      for (const id of ids) await this.#skipWaiting(job, id, refusal);
      return [];
    }
    try {
      return await (job.onTransition ? db.transaction((tx) => claim(tx, ids)) : claim(db, ids));
    } catch (error) {
      // Two runs of one key were claimed in the same instant: the index lets one of them through.
      if (!isUniqueViolation(error)) throw error;
      if (ids.length === 1) return [];
      return (await Promise.all(ids.map((id) => this.#claim(job, [id])))).flat();
    }
  }

  /** Performs claimed runs of one job and settles them together. */
  async #carryOut(job: Job, runs: readonly Run[]): Promise<Run[]> {
    const holds = runs.map((run) => ({ run, held: this.#hold(job, run) }));
    for (const { held } of holds) this.#heartbeat.watch(held);
    this.#settlement.reportStart(job.id, runs);
    try {
      const endings = await this.#perform(job, holds);
      const [finished, ended] = [holds.filter(({ held }) => held.settled), holds.filter(({ held }) => !held.settled)];
      const endedRuns = ended.map(({ run, held }) => ({ run, ending: endings.get(run.id)!, progress: held.progress }));
      const settled = [
        ...(endedRuns.length ? await this.#settlement.settle(job, this.#deps.holder, endedRuns) : []),
        ...(await this.#settlement.announce({
          runs: finished.flatMap(({ held }) => held.settled!.runs),
          children: finished.flatMap(({ held }) => held.settled!.children),
        })),
      ];
      await this.backfills.goOn(job, settled);
      if (settled.length === runs.length) return settled;
      return await Promise.all(runs.map((run) => this.#asItIs(run, settled)));
    } finally {
      for (const { held } of holds) this.#heartbeat.forget(held);
    }
  }

  async #perform(job: Job, holds: readonly { run: Run; held: HeldRun }[]): Promise<Map<string, Ending>> {
    const { db, settings, clock } = this.#deps;
    if (job.work.kind === "batch") {
      const signal = AbortSignal.any(holds.map(({ held }) => held.abort.signal));
      const timer = setTimeout(() => {
        const reason = new RunTimeout(`took longer than the ${inWords(job.timeoutMs)} that ${job.id} allows`);
        for (const { held } of holds) held.abort.abort(reason);
      }, job.timeoutMs);
      const log = this.#deps.log.with({ job: job.id });
      const batch = job as Job & { work: BatchWork<never> };
      return performBatch(batch, holds, { db, settings, log, signal }).finally(() => {
        clearTimeout(timer);
      });
    }
    const endings = new Map<string, Ending>();
    const waiting = [...holds];
    const worker = async () => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const { run, held } = next;
        const settleIn = (tx: Tx, result: RunResult) =>
          this.#settlement.settleIn(tx, job, this.#deps.holder, [
            { run, ending: returned(result), progress: held.progress },
          ]);
        const tools = { db, settings, clock, layer: this, log: this.#logFor(run), held, settleIn };
        endings.set(run.id, await attempt(job, run, tools));
      }
    };
    await Promise.all(Array.from({ length: Math.min(SIDE_BY_SIDE, holds.length) }, worker));
    return endings;
  }

  /** What became of a run that this process had, when it was taken away meanwhile. */
  async #asItIs(run: Run, settled: readonly Run[]): Promise<Run> {
    const own = settled.find(({ id }) => id === run.id);
    if (own) return own;
    this.#logFor(run).warn("Finish refused: the run was taken away meanwhile; nothing of it was written");
    return (await findRun(this.#deps.db, run.id)) ?? run;
  }

  /** A run that is due but could not be claimed: its gate is closed, its job paused, or its concurrency key held. */
  async #comeBackLater(job: Job, runId: string): Promise<void> {
    const { db, clock } = this.#deps;
    const run = await findRun(db, runId);
    if (run?.state !== "queued" && run?.state !== "retrying") return;
    const now = clock.now();
    // It was asked to stop while it ran, and that attempt failed before it heard of it.
    if (run.cancelRequestedAt) return this.#cancelWaiting(job, run);
    const isDue = (run.notBefore?.getTime() ?? 0) <= now.getTime();
    const refusal = isDue ? await gateRefusal(db, gated(job), now) : null;
    // Paused work is not lost: it waits. Every other gate ends the run, with the reason; but a backfill's, which nothing hurries.
    if (refusal && refusal.code !== "paused")
      return run.backfillId ? undefined : this.#skipWaiting(job, runId, refusal);
    if (refusal) {
      const until = await pausedUntil(db, pauseScopesOf(job), now);
      // Without an end it is sent by whoever resumes it; a message that came back again and again would tell nobody anything.
      return until ? this.send([{ ...run, notBefore: until }]) : undefined;
    }
    const at = Math.max(run.notBefore?.getTime() ?? 0, now.getTime() + BUSY_WAIT_MS);
    await this.send([{ ...run, notBefore: new Date(at) }]);
  }

  async #cancelWaiting(job: Job, { id, reason }: Run): Promise<void> {
    const why = reason ?? "cancelled on request";
    await this.#admitted(job, (tx) => cancelWaitingRun(tx, id, why, this.#deps.clock.now()));
  }

  async #skipWaiting(job: Job, runId: string, refusal: Refusal): Promise<void> {
    const run = await this.#admitted(job, (tx) => skipWaitingRun(tx, runId, refusal, this.#deps.clock.now()));
    if (run) this.#logFor(run).info("Skipped", { reason: run.reason });
  }

  /** Writes a run's row, with the family's own tracking in the same transaction. */
  async #admitted(job: Job | undefined, write: (db: Executor) => Promise<Run | undefined>): Promise<Run | undefined> {
    if (!job?.onTransition) return write(this.#deps.db);
    const { onTransition } = job;
    return this.#deps.db.transaction(async (tx) => {
      const row = await write(tx);
      if (row) await onTransition(tx, row);
      return row;
    });
  }

  /** A reason not to run that settings alone give. */
  #refusal(job: Job): Refusal | null {
    if (!this.#deps.settingsOf(job).enabled) return { code: "disabled", reason: "the job is switched off" };
    return refusalOf(job.gates, this.#deps.gates());
  }

  /** The row that a request would put into the ledger. @throws InvalidInput when the input does not fit the job's schema */
  candidate(job: Job, request: RunRequest): NewRun {
    const input = readInput(job, request.input);
    return {
      ...this.#newRun(job, input, request.trigger),
      // As it was asked for: the schema reads it again at each attempt, and what it makes need not be JSON.
      input: request.input ?? {},
      requestedBy: request.requestedBy,
      ...(request.correlationId && { correlationId: request.correlationId }),
      ...(request.parentRunId && { parentRunId: request.parentRunId }),
      ...(request.asOf && { asOf: request.asOf }),
      ...(request.idempotencyKey && { idempotencyKey: request.idempotencyKey }),
    };
  }

  #newRun(job: Job, input: unknown, trigger: Trigger, scheduledFor: Date | null = null): NewRun {
    const id = uuidv7();
    return {
      id,
      jobId: job.id,
      family: job.family.id,
      trigger,
      input: {},
      maxAttempts: this.#deps.settingsOf(job).maxRetries + 1,
      concurrencyKey: job.concurrencyKey(input),
      correlationId: id,
      ...(scheduledFor && { scheduledFor }),
    };
  }

  #hold(job: Job, { id, attempt }: Run): HeldRun {
    const { holder } = this.#deps;
    return { id, attempt, holder, progress: null, needs: needsOf(job), abort: new AbortController() };
  }

  #logFor(run: Run): JobLog {
    return this.#settlement.logFor(run);
  }

  get #lease(): { holder: string; leaseMs: number } {
    return { holder: this.#deps.holder, leaseMs: this.#deps.leaseMs };
  }

  async #track<T>(work: Promise<T>): Promise<T> {
    this.#active.add(work);
    try {
      return await work;
    } finally {
      this.#active.delete(work);
    }
  }
}

function gated(job: Job): Gated {
  return { jobId: job.id, family: job.family.id, needs: needsOf(job) };
}

/** What a pause of may stop the job. */
function pauseScopesOf({ id, family }: Job): string[] {
  return ["all", `family:${family.id}`, `job:${id}`];
}

/** The process that held the run died or was cut off. */
class LostHolder extends Error {
  override name = "LostHolder";
  readonly errorClass = "transient";
}
