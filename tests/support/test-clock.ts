import type { Clock } from "#schedule/clock.ts";

/** A clock that changes only when the test moves it. */
export class TestClock implements Clock {
  readonly isSimulated = true;
  #now: number;
  constructor(start: string | Date = "2026-03-10T12:00:00Z") {
    this.#now = new Date(start).getTime();
  }
  now(): Date {
    return new Date(this.#now);
  }
  advance(ms: number): void {
    this.#now += ms;
  }
  moveTo(instant: string | Date): void {
    this.#now = new Date(instant).getTime();
  }
}
