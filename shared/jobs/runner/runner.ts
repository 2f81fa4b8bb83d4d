import { v7 as uuidv7 } from "uuid";
import type { Config } from "../../config.ts";
import type { Db } from "../../data/client.ts";
import {
  claimRun,
  claimSlot,
  cancelWaitingRun,
  dueRuns,
  findRun,
  finishLapsedRun,
  finishRun,
  insertQueuedRun,
  insertSkippedRun,
  lapsedRuns,
  type Finish,
  type NewRun,
} from "../../data/platform/job-runs.ts";
import type { Run, Trigger } from "../../data/platform/schema.ts";
import type { Clock } from "../clock.ts";
import { isScheduled, type Job } from "../define-job.ts";
import { inWords } from "../duration.ts";
import { Interrupted } from "../endings.ts";
import { classify, isUniqueViolation } from "../error-class.ts";
import { refusalOf, type GateState } from "../gates.ts";
import { readInput } from "../input.ts";
import type { JobLog } from "../job-log.ts";
import type { JobSettings } from "../job-settings.ts";
import { attempt } from "./attempt.ts";
import { Heartbeat, type HeldRun } from "./heartbeat.ts";
import { transition } from "./transition.ts";

/** What the runner stands on. All of it is given, so that a test can move the clock or lose a message. */
export interface RunnerDependencies {
  readonly db: Db;
  readonly clock: Clock;
  readonly log: JobLog;
  /** Names this process in leases; unique per process start. */
  readonly holder: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** The app's settings, handed to jobs as they are. */
  readonly settings: Config;
  readonly gates: () => GateState;
  /** Finds a job by id, loading its code on first use. */
  readonly findJob: (id: string) => Promise<Job | undefined>;
  readonly settingsOf: (job: Job) => JobSettings;
  /** Carries waiting runs to a worker at their time. May lose one: the sweep finds it. */
  readonly dispatch: (runs: readonly DispatchedRun[]) => Promise<void>;
  readonly random?: () => number;
}

export interface DispatchedRun {
  readonly id: string;
  readonly jobId: string;
  readonly at: Date;
}

export interface RunRequest {
  readonly input: unknown;
  readonly trigger: Exclude<Trigger, "schedule">;
  readonly requestedBy: string;
  readonly correlationId?: string;
  readonly parentRunId?: string;
}

/** Runs whose message should have come this long ago are picked up by the sweep. */
const OVERDUE_MS = 10_000;
/** How long a run waits before it looks again whether its concurrency key is free. */
const BUSY_WAIT_MS = 1_000;

/**
 * Takes runs through their life: asked for or ticked → admitted → claimed → performed → moved on. Every step that
 * changes the ledger is one conditional statement; nothing is decided from memory.
 */
export class Runner {
  readonly #deps: RunnerDependencies;
  readonly #heartbeat: Heartbeat;
  readonly #active = new Set<Promise<unknown>>();
  #stopping = false;

  constructor(deps: RunnerDependencies) {
    this.#deps = deps;
    this.#heartbeat = new Heartbeat(deps.db, { leaseMs: deps.leaseMs, everyMs: deps.heartbeatMs, log: deps.log });
  }

  /**
   * Runs a scheduled job for one slot, in place.
   * @returns the run as it ended, or undefined when the slot was taken before
   */
  async runSlot(job: Job, slot: Date): Promise<Run | undefined> {
    if (!isScheduled(job)) throw new TypeError(`${job.id} has no schedule`);
    const candidate = { ...this.#newRun(job, {}, "schedule"), scheduledFor: slot };
    const settings = this.#deps.settingsOf(job);
    if (!settings.enabled) return this.#skip(job, candidate, { code: "disabled", reason: "the job is switched off" });
    const refusal = refusalOf(job.gates, this.#deps.gates());
    if (refusal) return this.#skip(job, candidate, refusal);
    if (this.#stopping) return undefined;

    const run = await this.#claimSlot(job, candidate);
    if (!run) return undefined;
    if (run.state === "skipped") {
      this.#logFor(run).info("Skipped", { reason: run.reason });
      return run;
    }
    return this.#track(this.#carryOut(job, run));
  }

  /**
   * Puts a run into the ledger and sends it on its way. A gate that is closed makes it `skipped` at once.
   * @throws InvalidInput when the input does not fit the job's schema: nothing is stored then
   */
  async request(job: Job, request: RunRequest): Promise<Run> {
    const input = readInput(job, request.input);
    const candidate = {
      ...this.#newRun(job, input, request.trigger),
      // As it was asked for: the schema reads it again at each attempt, and what it makes need not be JSON.
      input: request.input ?? {},
      requestedBy: request.requestedBy,
      ...(request.correlationId && { correlationId: request.correlationId }),
      ...(request.parentRunId && { parentRunId: request.parentRunId }),
    };
    const refusal = refusalOf(job.gates, this.#deps.gates());
    if (refusal) return (await this.#skip(job, candidate, refusal))!;
    const run = (await this.#withTransition(job, (tx) => insertQueuedRun(tx, candidate, this.#deps.clock.now())))!;
    this.#logFor(run).info("Queued", { requestedBy: run.requestedBy });
    await this.#dispatch(run);
    return run;
  }

  /**
   * Claims a waiting run and does it.
   * @returns the run as it ended; undefined when there was nothing to do (taken, ended, not due, its key is busy)
   */
  async execute(runId: string): Promise<Run | undefined> {
    if (this.#stopping) return undefined;
    const { db } = this.#deps;
    const waiting = await findRun(db, runId);
    if (!waiting || (waiting.state !== "queued" && waiting.state !== "retrying")) return undefined;
    const job = await this.#deps.findJob(waiting.jobId);
    if (!job) {
      this.#logFor(waiting).error("No such job in this version of the app; the run stays where it is");
      return undefined;
    }
    const run = await this.#claimRun(job, runId);
    if (run) return this.#track(this.#carryOut(job, run));
    await this.#comeBackLater(runId);
    return undefined;
  }

  /** Finds due runs that no message brought to a worker, and sends them again. @returns how many */
  async sweep(limit = 1_000): Promise<number> {
    const now = this.#deps.clock.now();
    const due = await dueRuns(this.#deps.db, now, OVERDUE_MS, limit);
    await this.#deps.dispatch(due.map(({ id, jobId }) => ({ id, jobId, at: now })));
    return due.length;
  }

  /** Moves runs whose holder went silent: to their next attempt, or to the dead ones. @returns how many of each */
  async rescue(limit = 100): Promise<{ retrying: number; dead: number }> {
    const moved = { retrying: 0, dead: 0 };
    for (const lapsed of await lapsedRuns(this.#deps.db, limit)) {
      const job = await this.#deps.findJob(lapsed.jobId);
      const error = new LostHolder(
        `its holder ${lapsed.leaseHolder} went silent while it ran attempt ${lapsed.attempt}`,
      );
      const run = await this.#move(job, lapsed, this.#next(job, lapsed, { kind: "threw", error }), finishLapsedRun);
      if (!run) continue;
      moved[run.state === "dead" ? "dead" : "retrying"] += 1;
      this.#logFor(run).warn("Rescued from a silent holder", { holder: lapsed.leaseHolder, state: run.state });
    }
    return moved;
  }

  /** Cancels a waiting run at once. @returns undefined when it was not waiting */
  async cancel(runId: string, reason: string): Promise<Run | undefined> {
    return cancelWaitingRun(this.#deps.db, runId, reason, this.#deps.clock.now());
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

  /** Performs a claimed run and moves it on. */
  async #carryOut(job: Job, run: Run): Promise<Run> {
    const log = this.#logFor(run);
    const held: HeldRun = {
      id: run.id,
      attempt: run.attempt,
      holder: this.#deps.holder,
      progress: null,
      abort: new AbortController(),
    };
    log.info("Started", { trigger: run.trigger, ...(run.scheduledFor && { slot: run.scheduledFor }) });
    this.#heartbeat.watch(held);
    try {
      const ending = await attempt(job, run, {
        db: this.#deps.db,
        settings: this.#deps.settings,
        layer: this,
        log,
        held,
      });
      const next = this.#next(job, run, ending);
      if (held.progress) Object.assign(next, { progress: held.progress });
      const ended = await this.#move(job, run, next, (db, { id, attempt }, change) =>
        finishRun(db, { id, attempt, holder: this.#deps.holder }, change),
      );
      if (!ended) {
        log.warn("Finish refused: the run was taken away meanwhile; nothing of it was written");
        return (await findRun(this.#deps.db, run.id)) ?? run;
      }
      this.#report(log, ended, ending.kind === "threw" ? ending.error : undefined);
      return ended;
    } finally {
      this.#heartbeat.forget(held);
    }
  }

  #next(job: Job | undefined, run: Run, ending: Parameters<typeof transition>[0]): Finish {
    return transition(ending, {
      run,
      retry: job?.retry ?? { kind: "never", retries: 0 },
      now: this.#deps.clock.now(),
      random: (this.#deps.random ?? Math.random)(),
    });
  }

  /** Writes the next state, with the family's own tracking in the same transaction, and sends a retry on its way. */
  async #move(
    job: Job | undefined,
    run: Run,
    change: Finish,
    write: (db: Parameters<typeof finishLapsedRun>[0], run: Run, change: Finish) => Promise<Run | undefined>,
  ): Promise<Run | undefined> {
    const { db } = this.#deps;
    const onTransition = job?.onTransition;
    const moved = onTransition
      ? await db.transaction(async (tx) => {
          const row = await write(tx, run, change);
          if (row) await onTransition(tx, row);
          return row;
        })
      : await write(db, run, change);
    if (moved?.state === "retrying") await this.#dispatch(moved);
    return moved;
  }

  async #claimSlot(job: Job, candidate: NewRun & { scheduledFor: Date }): Promise<Run | undefined> {
    const claim = () =>
      this.#withTransition(job, (tx) => claimSlot(tx, candidate, this.#lease(), this.#deps.clock.now()));
    // Nothing back means that the slot is taken, or that another slot of this job started in the same instant: the second
    // look sees that one running, and records this slot as skipped.
    return (await claim()) ?? (await claim());
  }

  async #claimRun(job: Job, runId: string): Promise<Run | undefined> {
    try {
      return await this.#withTransition(job, (tx) => claimRun(tx, runId, this.#lease(), this.#deps.clock.now()));
    } catch (error) {
      // Two runs of one key were claimed in the same instant: the index let one of them through.
      if (isUniqueViolation(error)) return undefined;
      throw error;
    }
  }

  /** A run that is due but could not be claimed waits for the one that holds its concurrency key. */
  async #comeBackLater(runId: string): Promise<void> {
    const run = await findRun(this.#deps.db, runId);
    if (run?.state !== "queued" && run?.state !== "retrying") return;
    const now = this.#deps.clock.now().getTime();
    const at = new Date(Math.max(run.notBefore?.getTime() ?? now, now + BUSY_WAIT_MS));
    await this.#dispatch({ ...run, notBefore: at });
  }

  async #withTransition(
    job: Job,
    write: (db: Parameters<typeof claimRun>[0]) => Promise<Run | undefined>,
  ): Promise<Run | undefined> {
    const { onTransition } = job;
    if (!onTransition) return write(this.#deps.db);
    return this.#deps.db.transaction(async (tx) => {
      const row = await write(tx);
      if (row) await onTransition(tx, row);
      return row;
    });
  }

  async #skip(job: Job, candidate: NewRun, refusal: { code: string; reason: string }): Promise<Run | undefined> {
    const run = await this.#withTransition(job, (tx) =>
      insertSkippedRun(tx, candidate, refusal, this.#deps.clock.now()),
    );
    if (run) this.#logFor(run).info("Skipped", { reason: run.reason });
    return run;
  }

  async #dispatch({ id, jobId, notBefore }: Run): Promise<void> {
    try {
      await this.#deps.dispatch([{ id, jobId, at: notBefore ?? this.#deps.clock.now() }]);
    } catch (error) {
      this.#deps.log.warn("A waiting run could not be sent on its way; the sweep will pick it up", { run: id, error });
    }
  }

  #newRun(job: Job, input: unknown, trigger: Trigger): NewRun {
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
    };
  }

  #report(log: JobLog, run: Run, error: Error | undefined): void {
    const took = {
      durationMs: run.durationMs ?? undefined,
      ...run.result,
      ...(run.itemFailureCount && { itemFailures: run.itemFailureCount }),
    };
    switch (run.state) {
      case "succeeded":
        return log.info("Succeeded", took);
      case "retrying":
        return log.warn(error ? "Failed; will be tried again" : "Put off", {
          error,
          inMs: run.notBefore!.getTime() - this.#deps.clock.now().getTime(),
          attemptsLeft: run.maxAttempts - run.attempt,
        });
      case "dead":
        return log.error("Failed for good", { error, class: error && classify(error), durationMs: run.durationMs });
      default:
        return log.info("Ended", { state: run.state, reason: run.reason });
    }
  }

  #logFor(run: Run): JobLog {
    return this.#deps.log.with({ job: run.jobId, run: run.id, attempt: run.attempt, correlationId: run.correlationId });
  }

  #lease(): { holder: string; leaseMs: number } {
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

/** The process that held the run died or was cut off. */
class LostHolder extends Error {
  override name = "LostHolder";
  readonly errorClass = "transient";
}
