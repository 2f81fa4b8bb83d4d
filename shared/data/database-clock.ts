import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { withinTime } from "#diagnostics/time-limit.ts";
import type { Db } from "./client.ts";

/** The two clocks of a process, in milliseconds. */
export interface ProcessClocks {
  /** The time of day, which an operator or a time service may set. */
  readonly wall: () => number;
  /** Monotonic. */
  readonly elapsed: () => number;
}

const processClocks: ProcessClocks = { wall: () => Date.now(), elapsed: () => performance.now() };

/** A measurement is used for this long before the next one. */
const FRESH_MS = 30_000;
/** The process was suspended, or its time of day was set: the measurement may be wrong. */
const STEP_MS = 1_000;
/** Longest wait for an answer. */
const ANSWER_WITHIN_MS = 5_000;
/** Longest wait of a request for the first measurement. */
const FIRST_WITHIN_MS = 1_000;
/** After a measurement fails, the next one in the background waits this long. */
const RETRY_AFTER_MS = 5_000;

interface Measurement {
  /** The database's clock minus the monotonic one. */
  readonly offsetMs: number;
  /** Half of the round trip. */
  readonly errorMs: number;
  /** The process's time of day minus the database's. */
  readonly aheadMs: number;
  /** Of the monotonic clock. */
  readonly at: number;
}

/**
 * The clock of the database, which all processes share: the monotonic clock of this process plus an offset. One round
 * trip measures the offset, at most every 30 seconds; the answer counts for the middle of the round trip. Before the
 * first measurement, it is the clock of the process.
 */
export class DatabaseClock {
  readonly #ask: () => Promise<number>;
  readonly #process: ProcessClocks;
  readonly isSimulated: boolean;
  #measured: Measurement | undefined;
  #measuring: Promise<void> | undefined;
  #failedAt = -Infinity;
  #last = -Infinity;

  /**
   * @param ask returns the database's clock in epoch milliseconds
   * @param isSimulated whether `ask` does not return the clock of the database that has the ledger. Default false
   */
  constructor(
    ask: () => Promise<number>,
    { process = processClocks, isSimulated = false }: { process?: ProcessClocks; isSimulated?: boolean } = {},
  ) {
    this.#ask = ask;
    this.#process = process;
    this.isSimulated = isSimulated;
  }

  now(): Date {
    const ms = this.#measured ? this.#process.elapsed() + this.#measured.offsetMs : this.#process.wall();
    // Two measurements differ by some milliseconds: time must not go back by those, or a run that is due is not.
    this.#last = ms < this.#last && this.#last - ms < STEP_MS ? this.#last : ms;
    return new Date(this.#last);
  }

  /** How far the process's time of day is ahead of the database's clock, in ms; null before the first measurement. */
  get aheadMs(): number | null {
    if (!this.#measured) return null;
    // The step since the measurement is part of it.
    return Math.round(this.#process.wall() - this.#process.elapsed() - this.#measured.offsetMs);
  }

  /** Measures unless the last measurement is fresh. Rejects when the database does not answer. */
  async sync(): Promise<void> {
    if (this.#needsMeasurement()) await this.#measure();
  }

  /**
   * The same in the background: the last measurement stays in use. Only before the first one, the caller waits, for at
   * most a second. Never rejects.
   */
  async refresh(): Promise<void> {
    const isResting = this.#process.elapsed() - this.#failedAt < RETRY_AFTER_MS;
    if (isResting || !this.#needsMeasurement()) return;
    const measured = this.#measure().catch(() => undefined);
    if (!this.#measured) await Promise.race([measured, sleep(FIRST_WITHIN_MS, undefined, { ref: false })]);
  }

  #needsMeasurement(): boolean {
    if (!this.#measured) return true;
    const age = this.#process.elapsed() - this.#measured.at;
    const step = this.aheadMs! - this.#measured.aheadMs;
    return age > FRESH_MS || Math.abs(step) > STEP_MS;
  }

  /** A busy pool or a blocked process makes a round trip long: then the last offset stays if it may still be right. */
  #betterOf(answer: Pick<Measurement, "offsetMs" | "errorMs">): Pick<Measurement, "offsetMs" | "errorMs"> {
    const last = this.#measured;
    if (!last || last.errorMs > answer.errorMs) return answer;
    return Math.abs(last.offsetMs - answer.offsetMs) <= answer.errorMs ? last : answer;
  }

  #measure(): Promise<void> {
    return (this.#measuring ??= this.#measureOnce().finally(() => {
      this.#measuring = undefined;
    }));
  }

  async #measureOnce(): Promise<void> {
    const { wall, elapsed } = this.#process;
    const before = elapsed();
    try {
      const database = await withinTime(ANSWER_WITHIN_MS, this.#ask(), unanswered);
      const after = elapsed();
      const answer = { offsetMs: database - (before + after) / 2, errorMs: (after - before) / 2 };
      const { offsetMs, errorMs } = this.#betterOf(answer);
      this.#measured = { offsetMs, errorMs, at: after, aheadMs: wall() - elapsed() - offsetMs };
    } catch (error) {
      this.#failedAt = elapsed();
      throw error;
    }
  }
}

/** Reads the clock of the database in epoch milliseconds, with one round trip. */
export async function readDatabaseClock(db: Db): Promise<number> {
  const [row] = await db.execute<{ ms: number }>(
    sql`select (extract(epoch from clock_timestamp()) * 1000)::float8 as ms`,
  );
  return row!.ms;
}

/** The code of the driver for the same: a tick retries it. */
function unanswered(): Error {
  const message = `the database did not tell its time within ${ANSWER_WITHIN_MS / 1_000} s`;
  return Object.assign(new Error(message), { code: "CONNECT_TIMEOUT" });
}
