import { RankedSet } from "./ranked-set.ts";

/** Which sessions someone holds, and until when. They die with the process: a session belongs to a connection. */
export class SessionLocks {
  readonly #ends = new RankedSet<string>();
  readonly #until = new Map<string, number>();

  isHeld(sessionId: string): boolean {
    return this.#until.has(sessionId);
  }

  /** Epoch milliseconds. */
  heldUntil(sessionId: string): number | undefined {
    return this.#until.get(sessionId);
  }

  /** Takes or prolongs the lock. */
  hold(sessionId: string, until: number): void {
    this.#ends.set(sessionId, until);
    this.#until.set(sessionId, until);
  }

  release(sessionId: string): void {
    this.#ends.delete(sessionId);
    this.#until.delete(sessionId);
  }

  /** Ends the locks that have run out and returns their sessions. */
  expire(now: number): string[] {
    const lost = this.#ends.takeUpTo(now);
    for (const sessionId of lost) this.#until.delete(sessionId);
    return lost;
  }

  nextDue(): number {
    return this.#ends.firstRank();
  }
}
