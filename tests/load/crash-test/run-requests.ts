import { setTimeout as sleep } from "node:timers/promises";
import type { AppPair } from "./app-pair.ts";

/** The requested jobs, with the pause between two requests. */
const EVERY_MS = { flaky: 40, one_write: 10, in_line: 200, repeats: 150, calls: 150, calls_once: 200 } as const;

export type AskedJob = keyof typeof EVERY_MS;

/** Requests runs continuously, and records the accepted ones: none of them may be lost. */
export class RunRequests {
  readonly taken = Object.fromEntries(Object.keys(EVERY_MS).map((job) => [job, new Set<number>()])) as Record<
    AskedJob,
    Set<number>
  >;
  /** Requests without an answer: the app may have accepted them or not. */
  unanswered = 0;
  readonly #pair: AppPair;
  readonly #flow: Promise<unknown>;
  #flowing = true;
  /** The number of requests that each of the two processes accepted. */
  readonly #takenBy = [0, 0];

  constructor(pair: AppPair) {
    this.#pair = pair;
    const jobs = Object.entries(EVERY_MS) as [AskedJob, number][];
    this.#flow = Promise.all([...jobs.map(([job, pauseMs]) => this.#keepAsking(job, pauseMs)), this.#keepRescuing()]);
  }

  get count(): number {
    return Object.values(this.taken).reduce((sum, { size }) => sum + size, 0);
  }

  /** Waits until both processes have accepted a new request, so that a kill hits running work. */
  async flow(): Promise<void> {
    const before = [...this.#takenBy];
    for (let waited = 0; this.#takenBy.some((taken, i) => taken <= before[i]!); waited += 25) {
      if (waited > 60_000) throw new Error("an app does not accept requests any more");
      await sleep(25);
    }
  }

  async stop(): Promise<void> {
    this.#flowing = false;
    await this.#flow;
  }

  async #keepAsking(job: AskedJob, pauseMs: number): Promise<void> {
    for (let n = 1; this.#flowing; n++) {
      const answer = await this.#pair.ask(n % 2, `api/admin/jobs/${job}/run`, { n });
      if (answer === 202) {
        this.taken[job].add(n);
        this.#takenBy[n % 2]! += 1;
      } else this.unanswered += 1;
      await sleep(pauseMs);
    }
  }

  async #keepRescuing(): Promise<void> {
    for (let n = 0; this.#flowing; n++) {
      await this.#pair.upkeep(n % 2);
      await sleep(1_000);
    }
  }
}
