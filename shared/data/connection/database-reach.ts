import { DatabaseUnreachable } from "./database-unreachable.ts";

/** What reports outages: the log of the app. */
export interface OutageLog {
  info(message: string, fields?: Record<string, unknown>): void;
  warn(message: string, fields?: Record<string, unknown>): void;
}

interface Outage {
  readonly since: Date;
  readonly cause: string;
  /** Connections that could not be made, and those that the delay refused without trying. */
  attempts: number;
  refused: number;
  /** The same when the log last counted them. */
  counted: { attempts: number; refused: number; at: number };
  /** When the next attempt may start, in milliseconds of the monotonic clock. */
  nextAt: number;
  delayMs: number;
}

const [FIRST_DELAY_MS, LONGEST_DELAY_MS] = [100, 5_000];
/** How often the log counts the failures of an outage. */
const COUNT_EVERY_MS = 60_000;

/**
 * Whether PostgreSQL can be reached: a circuit breaker for new connections. After a failure it refuses further ones
 * until a delay has passed, from 0.1 s doubling to 5 s with jitter, and then lets one try for all. All connections of a
 * process share one. The log has the cause once, then a count each minute, and the end.
 */
export class DatabaseReach {
  readonly #log: OutageLog | undefined;
  readonly #elapsed: () => number;
  readonly #random: () => number;
  #outage: Outage | undefined;
  #heardAt = -Infinity;
  #failedAt = -Infinity;
  #trial: PromiseWithResolvers<void> | undefined;

  constructor({
    log,
    elapsed = () => performance.now(),
    random = Math.random,
  }: { log?: OutageLog; elapsed?: () => number; random?: () => number } = {}) {
    this.#log = log;
    this.#elapsed = elapsed;
    this.#random = random;
  }

  /** Since when no connection could be made and no open one has answered; undefined while PostgreSQL is reachable. */
  get unreachableSince(): Date | undefined {
    return this.#heardAt > this.#failedAt ? undefined : this.#outage?.since;
  }

  /** Why the first connection of the outage failed. */
  get cause(): string | undefined {
    return this.#outage?.cause;
  }

  /**
   * Allows one attempt to connect; its end is reported by `failed` or `connected`. During an outage it waits for the
   * attempt that is under way.
   * @throws DatabaseUnreachable
   */
  async enter(): Promise<void> {
    const outage = this.#outage;
    if (!outage) return;
    if (!this.#trial && this.#elapsed() >= outage.nextAt) {
      this.#trial = Promise.withResolvers();
      return;
    }
    await this.#trial?.promise;
    if (this.#outage) throw this.#refusal(this.#outage);
  }

  /** A connection could not be made, or the server left one without an answer. */
  failed(error: unknown): void {
    const cause = error instanceof Error && error.message ? error.message : codeOf(error);
    const now = this.#elapsed();
    this.#failedAt = now;
    this.#outage ??= this.#begin(cause, now);
    const outage = this.#outage;
    outage.attempts += 1;
    // Connections that were tried together fail together: the delay grows once.
    if (now >= outage.nextAt) {
      outage.nextAt = now + outage.delayMs * (0.5 + this.#random() / 2);
      outage.delayMs = Math.min(outage.delayMs * 2, LONGEST_DELAY_MS);
    }
    this.#count(outage, now);
    this.#endTrial();
  }

  /** A new connection is ready. */
  connected(): void {
    const outage = this.#outage;
    this.#outage = undefined;
    this.#endTrial();
    if (!outage) return;
    const { since, attempts, refused } = outage;
    this.#log?.info("PostgreSQL is reachable again", {
      since: since.toISOString(),
      afterMs: Date.now() - since.getTime(),
      attempts,
      failures: attempts + refused,
    });
  }

  /** An open connection has received an answer. */
  heard(): void {
    this.#heardAt = this.#elapsed();
  }

  #begin(cause: string, now: number): Outage {
    this.#log?.warn("PostgreSQL is unreachable", { cause });
    return {
      since: new Date(),
      cause,
      attempts: 0,
      refused: 0,
      counted: { attempts: 0, refused: 0, at: now },
      nextAt: now,
      delayMs: FIRST_DELAY_MS,
    };
  }

  #refusal(outage: Outage): DatabaseUnreachable {
    outage.refused += 1;
    this.#count(outage, this.#elapsed());
    return new DatabaseUnreachable(`PostgreSQL is unreachable: ${outage.cause}`);
  }

  #count(outage: Outage, now: number): void {
    const { counted } = outage;
    if (now - counted.at < COUNT_EVERY_MS) return;
    const failures = outage.attempts + outage.refused - counted.attempts - counted.refused;
    const seconds = Math.round((now - counted.at) / 1_000);
    this.#log?.warn(`PostgreSQL is still unreachable, ${failures} failures in ${seconds} s`, {
      since: outage.since.toISOString(),
      cause: outage.cause,
      attempts: outage.attempts - counted.attempts,
    });
    outage.counted = { attempts: outage.attempts, refused: outage.refused, at: now };
  }

  #endTrial(): void {
    this.#trial?.resolve();
    this.#trial = undefined;
  }
}

/** Node's error for several addresses of one host has an empty message. */
function codeOf(error: unknown): string {
  const { code } = Object(error) as { code?: unknown };
  return typeof code === "string" ? code : "an unknown error";
}
