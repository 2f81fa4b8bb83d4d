import type { Run } from "#data/platform/platform-schema.ts";
import type { Refusal } from "#jobs/gates.ts";
import { inWords } from "#schedule/duration.ts";

/** All that is known about a job that may not be running. */
export interface JobFacts {
  readonly now: Date;
  readonly enabled: boolean;
  /** The setting that switches the job off. */
  readonly enabledSetting: string;
  /** The gates that are closed: those of settings, then the one that the database names first. */
  readonly refusals: readonly Refusal[];
  readonly pauses: readonly {
    readonly scope: string;
    readonly reason: string;
    readonly pausedBy: string;
    readonly pausedAt: Date;
    readonly until: Date | null;
  }[];
  /** In words, with the next slot; null for a job that only runs when it is asked for. */
  readonly schedule: { readonly inWords: string; readonly next: Date | null } | null;
  readonly running: readonly RunFacts[];
  /** The soonest first. */
  readonly waiting: readonly RunFacts[];
  readonly last: RunFacts | null;
  /** Effects of its runs of which nobody knows whether they happened. */
  readonly parked: readonly { readonly key: string; readonly runId: string; readonly intendedAt: Date }[];
  /** How waiting runs travel, and what is wrong with that, if anything is. */
  readonly carrier: { readonly name: string; readonly trouble: string | null };
}

export type RunFacts = Pick<
  Run,
  | "id"
  | "state"
  | "attempt"
  | "maxAttempts"
  | "scheduledFor"
  | "notBefore"
  | "startedAt"
  | "finishedAt"
  | "heartbeatAt"
  | "leaseHolder"
  | "leaseExpiresAt"
  | "errors"
  | "reason"
>;

export interface Sentence {
  /** For machines. */
  readonly code: string;
  readonly text: string;
}

export interface Why {
  /** `running`; `blocked`: it cannot start; `overdue`: it should have; `waiting`: its time will come; `idle`: nobody asked. */
  readonly verdict: "running" | "blocked" | "overdue" | "waiting" | "idle";
  /** What explains it most comes first. */
  readonly sentences: readonly Sentence[];
}

/** A run that is due longer than this was not taken: its message is lost, or nobody listens. */
const OVERDUE_MS = 10_000;

/** Says why a job is not running at this moment, or that it is. */
export function whyNotRunning(facts: JobFacts): Why {
  const blocks = [...blocksOf(facts)];
  return {
    verdict: verdictOf(facts, blocks),
    sentences: [
      ...facts.running.map((run) => runningSentence(run, facts.now)),
      ...blocks,
      ...waitingSentences(facts),
      ...carrierSentences(facts),
      scheduleSentence(facts),
      ...lastSentences(facts),
      ...parkedSentences(facts),
    ],
  };
}

function verdictOf({ running, waiting, schedule, now }: JobFacts, blocks: readonly Sentence[]): Why["verdict"] {
  if (running.length) return "running";
  if (blocks.length) return "blocked";
  if (waiting.some((run) => overdueMs(run, now) > OVERDUE_MS)) return "overdue";
  return waiting.length || schedule?.next ? "waiting" : "idle";
}

function* blocksOf({ enabled, enabledSetting, refusals, pauses, now }: JobFacts): Generator<Sentence> {
  if (!enabled) yield { code: "disabled", text: `It is switched off: ${enabledSetting} is false.` };
  for (const { scope, reason, pausedBy, pausedAt, until } of pauses) {
    const what = scope === "all" ? "Everything" : scope.startsWith("family:") ? `Its family ${scope.slice(7)}` : "It";
    const end = until ? `until ${iso(until)} (${away(until, now)})` : "until somebody resumes it";
    const start = `${iso(pausedAt)} by ${pausedBy}`;
    yield { code: "paused", text: `${what} was paused at ${start}, ${end}: ${reason}.` };
  }
  for (const { code, reason } of refusals) {
    if (code !== "paused") yield { code, text: `A gate is closed: ${reason}.` };
  }
}

function runningSentence({ id, attempt, maxAttempts, ...run }: RunFacts, now: Date): Sentence {
  const since = run.startedAt ? ` since ${iso(run.startedAt)} (${away(run.startedAt, now)})` : "";
  const holder = run.leaseHolder ?? "nobody";
  const doing = `Run ${id} holds the lock${since}: attempt ${attempt} of ${maxAttempts}, on ${holder}`;
  if (run.leaseExpiresAt && run.leaseExpiresAt < now) {
    const silence = inWords(now.getTime() - (run.heartbeatAt ?? run.leaseExpiresAt).getTime());
    return {
      code: "holder-silent",
      text: `${doing}, which has been silent for ${silence}; rescue_stuck_runs takes it over within a minute.`,
    };
  }
  const heard = run.heartbeatAt ? `, last heard of ${away(run.heartbeatAt, now)}` : "";
  return { code: "running", text: `${doing}${heard}.` };
}

function* waitingSentences({ waiting, now, running, pauses }: JobFacts): Generator<Sentence> {
  const [first, ...others] = waiting;
  if (!first) return;
  const { id, state, attempt, maxAttempts, notBefore } = first;
  const what = state === "retrying" ? `Attempt ${attempt + 1} of ${maxAttempts} of run ${id}` : `Run ${id}`;
  const also = others.length ? ` ${others.length} more ${others.length === 1 ? "waits" : "wait"} behind it.` : "";
  const late = overdueMs(first, now);
  if (late <= 0) {
    yield { code: "waiting", text: `${what} is due at ${iso(notBefore!)} (${away(notBefore!, now)}).${also}` };
  } else if (running.length) {
    yield {
      code: "waiting-for-lock",
      text: `${what} has been due for ${inWords(late)} and waits for the lock.${also}`,
    };
  } else if (pauses.length) {
    yield { code: "waiting-for-resume", text: `${what} waits until the pause is over.${also}` };
  } else if (late > OVERDUE_MS) {
    const cure = "dispatch_overdue_runs sends it again each minute";
    yield { code: "overdue", text: `${what} has been due for ${inWords(late)} and nobody took it; ${cure}.${also}` };
  } else {
    yield { code: "due", text: `${what} is due and about to be taken.${also}` };
  }
  const error = errorOf(first);
  if (error) yield { code: "last-attempt-failed", text: `Its last attempt failed: ${error}.` };
}

function* carrierSentences({ carrier, waiting }: JobFacts): Generator<Sentence> {
  if (carrier.trouble) yield { code: "carrier-trouble", text: `${carrier.name} is in trouble: ${carrier.trouble}.` };
  else if (waiting.length) yield { code: "carrier", text: `Waiting runs are carried by ${carrier.name}.` };
}

function scheduleSentence({ schedule, now }: JobFacts): Sentence {
  if (!schedule) return { code: "on-request", text: "It has no schedule: it runs when it is asked for." };
  const { inWords: words, next } = schedule;
  return next
    ? { code: "next-slot", text: `Its next slot is ${iso(next)} (${away(next, now)}): ${words}.` }
    : { code: "no-slot", text: `Its schedule has no slot to come: ${words}.` };
}

function* lastSentences({ last, now }: JobFacts): Generator<Sentence> {
  if (!last?.finishedAt) {
    yield { code: "never-ended", text: "No run of it has ended yet." };
    return;
  }
  const when = `${iso(last.finishedAt)} (${away(last.finishedAt, now)})`;
  const error = last.state === "dead" ? errorOf(last) : null;
  const because = error ?? last.reason;
  yield {
    code: `last-${last.state}`,
    text: `Its last run ended ${last.state} at ${when}${because ? `: ${because}` : ""}.`,
  };
}

function* parkedSentences({ parked, now }: JobFacts): Generator<Sentence> {
  for (const { key, runId, intendedAt } of parked) {
    const begun = `begun by run ${runId} at ${iso(intendedAt)} (${away(intendedAt, now)})`;
    yield {
      code: "effect-parked",
      text: `Nobody knows whether ${JSON.stringify(key)}, ${begun}, happened: find out, settle it at api/admin/effects, then retry the run.`,
    };
  }
}

function errorOf({ errors }: RunFacts): string | null {
  const last = errors.at(-1);
  return last ? `${last.class}, ${last.message}`.replace(/\.$/, "") : null;
}

function overdueMs({ notBefore }: RunFacts, now: Date): number {
  return notBefore ? now.getTime() - notBefore.getTime() : 0;
}

function iso(at: Date): string {
  return at.toISOString().replace(/\.\d{3}Z$/, "Z");
}

function away(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  return ms > 0 ? `in ${inWords(ms)}` : `${inWords(-ms)} ago`;
}
