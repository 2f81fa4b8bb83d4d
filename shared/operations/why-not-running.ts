import { DISMISSED } from "#data/platform/dead-letters.ts";
import type { Run } from "#data/platform/platform-schema.ts";
import { idIn, type Scope } from "#data/platform/scope.ts";
import { deadRunRemedy } from "#jobs/dead-run-remedy.ts";
import type { Refusal } from "#jobs/gates.ts";
import { inWords } from "#schedule/duration.ts";

/** What settings and the answering process know about why a job is not running. */
export interface KnownFacts {
  readonly now: Date;
  readonly enabled: boolean;
  /** The name of the setting that switches the job off. */
  readonly enabledSetting: string;
  /** Closed gates: those of settings, then those of the database. */
  readonly refusals: readonly Refusal[];
  /** The schedule in words, with the next slot; null for a job without a schedule. */
  readonly schedule: { readonly inWords: string; readonly next: Date | null } | null;
  /** What is wrong with the clock of the answering process, which then starts no slots; null when it is right. */
  readonly clockFault: string | null;
}

/** What explains why a job is not running, or that it is. */
export interface JobFacts extends KnownFacts {
  /** Closed gates that stop only some of its runs; those have the code as the reason why they wait. */
  readonly partialRefusals: readonly Refusal[];
  readonly pauses: readonly {
    readonly scope: Scope;
    readonly reason: string;
    readonly pausedBy: string;
    readonly pausedAt: Date;
    readonly until: Date | null;
  }[];
  /** The oldest slot that the schedule demands and the ledger lacks; null without one. */
  readonly missingSlot: Date | null;
  /** The newest slot in the ledger that has not come yet; null without one. */
  readonly slotInFuture: Date | null;
  readonly running: readonly RunFacts[];
  /** The earliest first. */
  readonly waiting: readonly RunFacts[];
  /** Whether more runs may wait than `waiting` has. Default: no. */
  readonly moreWait?: boolean;
  readonly last: RunFacts | null;
  /** Effects of its runs whose outcome is unknown. */
  readonly parked: readonly { readonly key: string; readonly runId: string; readonly intendedAt: Date }[];
  /** What is wrong with the providers that its runs wait for, as sentences without a full stop. Default: nothing. */
  readonly providerTroubles?: readonly string[];
  /** The carrier of waiting runs, and its fault if it has one. */
  readonly carrier: {
    readonly name: string;
    readonly trouble: string | null;
    /** That its queue does not deliver, as a sentence without a full stop. */
    readonly undelivered: string | null;
  };
}

/** What is read of a run. */
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
  | "reasonCode"
  | "input"
  | "parentRunId"
>;

/** One part of an explanation. */
export interface Sentence {
  /** For machines. */
  readonly code: string;
  readonly text: string;
}

/** An explanation. */
export interface Why {
  /**
   * `blocked`: it cannot start; `overdue`: it should have started; `waiting`: it starts later; `idle`: no run, no slot.
   */
  readonly verdict: "running" | "blocked" | "overdue" | "waiting" | "idle";
  /** The best explanation comes first. */
  readonly sentences: readonly Sentence[];
}

/** A run that is due for longer has no claim: its message is lost, or no worker listens. */
const OVERDUE_MS = 10_000;

/** Explains why a job is not running now, or that it is running. */
export function whyNotRunning(facts: JobFacts): Why {
  const blocks = [...blocksOf(facts)];
  return {
    verdict: verdictOf(facts, blocks),
    sentences: [
      ...facts.running.map((run) => runningSentence(run, facts.now)),
      ...blocks,
      ...clockSentences(facts),
      ...waitingSentences({ ...facts, waiting: facts.waiting.filter((run) => !partialRefusalOf(run, facts)) }),
      ...heldSentences(facts),
      ...(facts.providerTroubles ?? []).map((trouble) => ({ code: "provider", text: `${upperFirst(trouble)}.` })),
      ...carrierSentences(facts),
      ...slotSentences(facts),
      scheduleSentence(facts),
      ...lastSentences(facts),
      ...parkedSentences(facts),
    ],
  };
}

/** Explains the same while the database does not answer: with what is known without it. */
export function whyWithoutDatabase(facts: KnownFacts, outage: { since: Date | null; cause: string }): Why {
  const { since, cause } = outage;
  const length = since ? ` since ${iso(since)} (${relativeTime(since, facts.now)})` : "";
  const text = `PostgreSQL has not answered${length}: ${cause}. No run starts until it answers; pauses, switches, runs and slots are not known until then.`;
  return {
    verdict: "blocked",
    sentences: [
      { code: "database-unreachable", text },
      ...blocksOf({ ...facts, pauses: [] }),
      ...clockSentences(facts),
      scheduleSentence(facts),
    ],
  };
}

function verdictOf(facts: JobFacts, blocks: readonly Sentence[]): Why["verdict"] {
  const { running, waiting, missingSlot, schedule, now } = facts;
  if (running.length) return "running";
  if (blocks.length) return "blocked";
  const isOverdue = (run: RunFacts) => overdueMs(run, now) > OVERDUE_MS && !partialRefusalOf(run, facts);
  if (missingSlot || waiting.some(isOverdue)) return "overdue";
  return waiting.length || schedule?.next ? "waiting" : "idle";
}

function* blocksOf({
  enabled,
  enabledSetting,
  refusals,
  pauses,
  now,
}: KnownFacts & Pick<JobFacts, "pauses">): Generator<Sentence> {
  if (!enabled) yield { code: "disabled", text: `It is switched off: ${enabledSetting} is false.` };
  for (const { scope, reason, pausedBy, pausedAt, until } of pauses) {
    const family = idIn("family", scope);
    const what = scope === "all" ? "Everything" : family === undefined ? "It" : `Its family ${family}`;
    const end = until ? `until ${iso(until)} (${relativeTime(until, now)})` : "until an operator resumes it";
    const start = `${iso(pausedAt)} by ${pausedBy}`;
    yield { code: "paused", text: `${what} was paused at ${start}, ${end}: ${reason}.` };
  }
  for (const { code, reason } of refusals) {
    if (code !== "paused") yield { code, text: `A gate is closed: ${reason}.` };
  }
}

function runningSentence({ id, attempt, maxAttempts, ...run }: RunFacts, now: Date): Sentence {
  const since = run.startedAt ? ` since ${iso(run.startedAt)} (${relativeTime(run.startedAt, now)})` : "";
  const holder = run.leaseHolder ?? "an unknown process";
  const doing = `Run ${id} has been running${since}: attempt ${attempt} of ${maxAttempts}, on ${holder}`;
  if (run.leaseExpiresAt && run.leaseExpiresAt < now) {
    const heartbeatAge = inWords(now.getTime() - (run.heartbeatAt ?? run.leaseExpiresAt).getTime());
    return {
      code: "holder-silent",
      text: `${doing}. Its lease has expired: its last heartbeat was ${heartbeatAge} ago; a rescue follows within a minute.`,
    };
  }
  const stop = run.reasonCode ? `. It is being stopped: ${run.reason}` : "";
  const heartbeat = run.heartbeatAt ? `, last heartbeat ${relativeTime(run.heartbeatAt, now)}` : "";
  return { code: "running", text: `${doing}${heartbeat}${stop}.` };
}

function* waitingSentences({
  waiting,
  moreWait,
  now,
  running,
  pauses,
  refusals,
  enabled,
}: JobFacts): Generator<Sentence> {
  const [first, ...others] = waiting;
  if (!first) return;
  const { id, state, attempt, maxAttempts, notBefore } = first;
  const what = state === "retrying" ? `Attempt ${attempt + 1} of ${maxAttempts} of run ${id}` : `Run ${id}`;
  const also = others.length
    ? ` ${moreWait ? "At least " : ""}${others.length} more ${others.length === 1 ? "waits" : "wait"} behind it.`
    : "";
  const late = overdueMs(first, now);
  if (late <= 0) {
    yield { code: "waiting", text: `${what} is due at ${iso(notBefore!)} (${relativeTime(notBefore!, now)}).${also}` };
  } else if (running.length) {
    yield {
      code: "waiting-for-lock",
      text: `${what} has been due for ${inWords(late)} and waits for its concurrency key.${also}`,
    };
  } else if (pauses.length) {
    yield { code: "waiting-for-resume", text: `${what} waits until the pause ends.${also}` };
  } else if (refusals.length || !enabled) {
    yield { code: "waiting-for-gate", text: `${what} waits until the gate opens.${also}` };
  } else if (late > OVERDUE_MS) {
    const remedy = "the sweep dispatches it again each minute";
    yield {
      code: "overdue",
      text: `${what} has been due for ${inWords(late)} and no worker has claimed it; ${remedy}.${also}`,
    };
  } else {
    yield { code: "due", text: `${what} is due and starts shortly.${also}` };
  }
  const error = errorOf(first);
  if (error) yield { code: "last-attempt-failed", text: `Its last attempt failed: ${error}.` };
}

/** Runs that wait for a gate which lets other runs of the job start. */
function* heldSentences(facts: JobFacts): Generator<Sentence> {
  for (const { code, reason } of facts.partialRefusals) {
    const { length: runs } = facts.waiting.filter((run) => partialRefusalOf(run, facts)?.code === code);
    const who = runs === 0 ? "Some of its runs" : `${facts.moreWait ? "At least " : ""}${runs} of its runs`;
    yield { code, text: `${who} ${runs === 1 ? "waits" : "wait"} until a gate opens: ${reason}.` };
  }
}

function partialRefusalOf({ reasonCode }: RunFacts, { partialRefusals }: JobFacts): Refusal | undefined {
  return partialRefusals.find(({ code }) => code === reasonCode);
}

function* carrierSentences({ carrier, waiting }: JobFacts): Generator<Sentence> {
  if (carrier.trouble)
    yield { code: "carrier-trouble", text: `Dispatching through ${carrier.name} fails: ${carrier.trouble}.` };
  else if (carrier.undelivered) yield { code: "not-delivering", text: `${carrier.undelivered}.` };
  else if (waiting.length) yield { code: "carrier", text: `Waiting runs are dispatched through ${carrier.name}.` };
}

function* clockSentences({ schedule, clockFault }: KnownFacts): Generator<Sentence> {
  if (!schedule || !clockFault) return;
  const text = `${clockFault}: its timers start no slots until it is right. Another process may start them.`;
  yield { code: "clock-wrong", text };
}

function* slotSentences({ missingSlot, slotInFuture, now }: JobFacts): Generator<Sentence> {
  if (missingSlot) {
    yield {
      code: "slot-missing",
      text: `Its slot of ${iso(missingSlot)} (${relativeTime(missingSlot, now)}) is not in the ledger: no timer has recorded it. The sweep catches it up each minute.`,
    };
  }
  if (slotInFuture) {
    yield {
      code: "slot-in-future",
      text: `The ledger has its slot of ${iso(slotInFuture)} already (${relativeTime(slotInFuture, now)}): a process whose clock was ahead recorded it. Unless that run still waits or runs, the sweep frees the slot within a minute.`,
    };
  }
}

function scheduleSentence({ schedule, now }: KnownFacts): Sentence {
  if (!schedule) return { code: "on-request", text: "It has no schedule: it runs on request." };
  const { inWords: words, next } = schedule;
  return next
    ? { code: "next-slot", text: `Its next slot is ${iso(next)} (${relativeTime(next, now)}): ${words}.` }
    : { code: "no-slot", text: `Its schedule has no further slot: ${words}.` };
}

function* lastSentences({ last, running, waiting, now }: JobFacts): Generator<Sentence> {
  if (!last?.finishedAt) {
    yield { code: "never-ended", text: "None of its runs has ended yet." };
    return;
  }
  const when = `${iso(last.finishedAt)} (${relativeTime(last.finishedAt, now)})`;
  const error = last.state === "dead" ? errorOf(last) : null;
  const because = error ?? last.reason;
  yield {
    code: `last-${last.state}`,
    text: `Its last run ended ${last.state} at ${when}${because ? `: ${because}` : ""}.`,
  };
  if (last.state !== "dead") return;
  const repeat = [...running, ...waiting].find(({ parentRunId }) => parentRunId === last.id);
  if (repeat) yield { code: "dead-repeated", text: `Run ${repeat.id} repeats it.` };
  else if (last.reasonCode === DISMISSED) yield { code: "dead-dismissed", text: `It was dismissed: ${last.reason}.` };
  else yield { code: "dead-remedy", text: deadRunRemedy(last) };
}

function* parkedSentences({ parked, now }: JobFacts): Generator<Sentence> {
  for (const { key, runId, intendedAt } of parked) {
    const origin = `started by run ${runId} at ${iso(intendedAt)} (${relativeTime(intendedAt, now)})`;
    yield {
      code: "effect-parked",
      text: `It is unknown whether ${JSON.stringify(key)}, ${origin}, happened: find out, resolve it at api/admin/effects, then retry the run.`,
    };
  }
}

function upperFirst(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
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

function relativeTime(at: Date, now: Date): string {
  const ms = at.getTime() - now.getTime();
  return ms > 0 ? `in ${inWords(ms)}` : `${inWords(-ms)} ago`;
}
