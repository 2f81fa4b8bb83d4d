import { PriorityQueue } from "./priority-queue.ts";

/** The locks on sessions. They end with the process, since a session belongs to a connection. */
export class SessionLocks {
  readonly #ends = new PriorityQueue<string>();
  readonly #until = new Map<string, number>();

  isLocked(sessionId: string): boolean {
    return this.#until.has(sessionId);
  }

  /** Epoch milliseconds. */
  lockedUntil(sessionId: string): number | undefined {
    return this.#until.get(sessionId);
  }

  /** Takes or renews the lock. */
  lock(sessionId: string, until: number): void {
    this.#ends.set(sessionId, until);
    this.#until.set(sessionId, until);
  }

  release(sessionId: string): void {
    this.#ends.delete(sessionId);
    this.#until.delete(sessionId);
  }

  /** Removes expired locks and returns their sessions. */
  expire(now: number): string[] {
    const lost = this.#ends.takeUpTo(now);
    for (const sessionId of lost) this.#until.delete(sessionId);
    return lost;
  }

  nextDue(): number {
    return this.#ends.lowestPriority();
  }
}
