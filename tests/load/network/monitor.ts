import { setTimeout as sleep } from "node:timers/promises";
import type { AppProcess } from "../environment/app-process.ts";

/** A time span, in milliseconds of `performance.now()`. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

interface Answer extends Span {
  /** 0: no answer within the limit of the client. */
  readonly status: number;
}

const PAUSE_MS = 100;

/** Requests one route again and again, as monitors do, and keeps the times and statuses of its answers. */
export class Monitor {
  /** The ids of the runs that were accepted. */
  readonly runs: string[] = [];
  readonly #answers: Answer[] = [];
  readonly #requests: Promise<void>;
  #isStopped = false;

  /** @param body of a POST; without it the requests are GETs */
  constructor(app: AppProcess, path: string, body?: unknown) {
    this.#requests = this.#request(app, path, body);
  }

  async #request(app: AppProcess, path: string, body: unknown): Promise<void> {
    while (!this.#isStopped) {
      const from = performance.now();
      const answer = await app.call(body ? "POST" : "GET", path, body).catch(() => undefined);
      this.#answers.push({ from, to: performance.now(), status: answer?.status ?? 0 });
      if (answer?.status === 202) this.runs.push(String(answer.body.id));
      await sleep(PAUSE_MS);
    }
  }

  /** The answers to requests of this time. */
  during({ from, to }: Span): readonly Answer[] {
    return this.#answers.filter((answer) => answer.from >= from && answer.from < to);
  }

  longestMs(span: Span): number {
    return Math.max(0, ...this.during(span).map(({ from, to }) => to - from));
  }

  statuses(span: Span): number[] {
    return [...new Set(this.during(span).map(({ status }) => status))].toSorted((a, b) => a - b);
  }

  /** When the first request after `from` with this status was answered; Infinity before that. */
  firstWith(status: number, from: number): number {
    return this.#answers.find((answer) => answer.from >= from && answer.status === status)?.to ?? Infinity;
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#requests;
  }
}
