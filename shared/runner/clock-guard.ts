import type { JobLog } from "#jobs/job-log.ts";
import type { Clock } from "#schedule/clock.ts";
import { inWords } from "#schedule/duration.ts";

/** Timers of a process whose time of day differs by more than this from the database's clock start no slots. */
export const CLOCK_LIMIT_MS = 30_000;
/** The log counts refused ticks once in this time. */
const COUNT_EVERY_MS = 600_000;

/** A clock that knows how far the process's time of day is ahead of it: `DatabaseClock`. */
export interface MeasuredClock extends Clock {
  readonly aheadMs: number | null;
  sync(): Promise<void>;
}

export interface ClockState {
  /** `unknown`: not measured yet. */
  readonly state: "right" | "wrong" | "unknown";
  /** How far the process's time of day is ahead of the database's clock, in ms; below zero: behind. */
  readonly aheadMs: number | null;
  /** Ticks that started no slot since the clock has been wrong. */
  readonly refusedTicks: number;
}

/**
 * Keeps a process with a wrong clock from starting slots: its timers fire at wrong instants. It logs the start and the
 * end of the fault, counts in between, and recovers by itself. Other work of the process follows the database's clock.
 */
export class ClockGuard {
  readonly #clock: MeasuredClock;
  readonly #log: JobLog;
  readonly #alert: (fault: string) => Promise<void>;
  #fault: { refusedTicks: number; loggedAt: number } | undefined;

  /** @param alert alerts the operators about a wrong clock, at most once an hour */
  constructor(clock: MeasuredClock, { log, alert }: { log: JobLog; alert: (fault: string) => Promise<void> }) {
    this.#clock = clock;
    this.#log = log;
    this.#alert = alert;
  }

  get state(): ClockState {
    const { aheadMs } = this.#clock;
    const state = aheadMs === null ? "unknown" : isWrong(aheadMs) ? "wrong" : "right";
    return { state, aheadMs, refusedTicks: this.#fault?.refusedTicks ?? 0 };
  }

  /** Whether a tick may start a slot. Rejects when the clock needs a measurement and the database does not answer. */
  async admitsTick(): Promise<boolean> {
    await this.#clock.sync();
    const aheadMs = this.#clock.aheadMs ?? 0;
    if (isWrong(aheadMs)) this.#refuse(aheadMs);
    else this.#recover();
    return !isWrong(aheadMs);
  }

  #refuse(aheadMs: number): void {
    const now = this.#clock.now().getTime();
    const before = this.#fault;
    const refusedTicks = (before?.refusedTicks ?? 0) + 1;
    const isLogged = before !== undefined && now - before.loggedAt < COUNT_EVERY_MS;
    this.#fault = { refusedTicks, loggedAt: isLogged ? before.loggedAt : now };
    if (isLogged) return;
    this.#log.error(`${clockFault(aheadMs)}; its timers start no slots until it is right`, { aheadMs, refusedTicks });
    this.#alert(clockFault(aheadMs)).catch((error: unknown) => {
      this.#log.error("Alerting about the wrong clock failed", { error });
    });
  }

  #recover(): void {
    if (!this.#fault) return;
    this.#log.info("The clock of this process is right again; its timers start slots", {
      refusedTicks: this.#fault.refusedTicks,
    });
    this.#fault = undefined;
  }
}

/** `The clock of this process is 2 h ahead of the database's clock` */
export function clockFault(aheadMs: number): string {
  const side = aheadMs > 0 ? "ahead of" : "behind";
  return `The clock of this process is ${inWords(Math.abs(aheadMs))} ${side} the database's clock`;
}

function isWrong(aheadMs: number): boolean {
  return Math.abs(aheadMs) > CLOCK_LIMIT_MS;
}
