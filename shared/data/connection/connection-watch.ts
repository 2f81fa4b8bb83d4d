import type { Socket } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type DatabaseReach, type OutageLog } from "./database-reach.ts";
import { DatabaseUnreachable } from "./database-unreachable.ts";
import { WatchedSocket } from "./watched-socket.ts";

/** Which of these server processes work on a statement and do not wait for its rest; null: the server cannot tell. */
export type AskServer = (backends: readonly number[]) => Promise<ReadonlySet<number> | null>;

export interface WatchOptions {
  readonly reach: DatabaseReach;
  readonly log?: OutageLog | undefined;
  /** Milliseconds without an answer after which the server is asked over another connection. */
  readonly silenceMs: number;
  /** Milliseconds after which a statement ends with its connection, however lively the server is. */
  readonly statementLimitMs: number;
  readonly askServer: AskServer;
  /** Length of a tick. Default: a second. */
  readonly tickMs?: number;
}

/** How long the other side may take to close a connection that this side has ended. */
const CLOSE_WITHIN_MS = 2_000;

/**
 * Ends every wait for PostgreSQL. A statement may take hours, so silence alone does not end it: the watch asks the
 * server over a new connection whether it still works on the statement. If that fails, or the server knows of no such
 * work, the connection is dead, and its statements fail.
 */
export class ConnectionWatch {
  readonly #options: WatchOptions;
  readonly #sockets = new Set<WatchedSocket>();
  #timer: NodeJS.Timeout | undefined;
  #asking = false;

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  add(socket: Socket): void {
    const { reach } = this.#options;
    const watched = new WatchedSocket(socket, {
      onReady: () => {
        reach.connected();
      },
    });
    this.#sockets.add(watched);
    let cause: unknown;
    socket.once("error", (error) => (cause = error));
    socket.once("close", () => {
      this.#sockets.delete(watched);
      if (this.#sockets.size === 0) this.#stop();
      const { answers, isReady } = watched;
      if (isReady || answers.isCancelRequest) return;
      const { lastError } = answers;
      reach.failed(
        lastError
          ? new Error(`${lastError.message} (${lastError.code})`)
          : (cause ?? new DatabaseUnreachable("the server did not answer in time")),
      );
    });
    this.#timer ??= setInterval(() => {
      this.#tick();
    }, this.#tickMs).unref();
  }

  get #tickMs(): number {
    return this.#options.tickMs ?? 1_000;
  }

  #stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #tick(): void {
    const { reach, silenceMs, statementLimitMs } = this.#options;
    const ticks = (ms: number) => ms / this.#tickMs;
    const silent: WatchedSocket[] = [];
    for (const watched of this.#sockets) {
      if (watched.tick() && watched.isReady) reach.heard();
      if (watched.endingTicks > ticks(CLOSE_WITHIN_MS))
        watched.close(new DatabaseUnreachable("the close was not answered"));
      else if (watched.statementTicks > ticks(statementLimitMs)) {
        watched.close(new DatabaseUnreachable(`a statement took more than ${statementLimitMs / 1_000} s`));
      } else if (watched.isReady && watched.silentTicks >= ticks(silenceMs)) silent.push(watched);
    }
    if (silent.length > 0 && !this.#asking) void this.#judge(silent);
  }

  /** Closes the silent connections whose statements the server does not work on. */
  async #judge(silent: readonly WatchedSocket[]): Promise<void> {
    this.#asking = true;
    const { reach, log, askServer, silenceMs } = this.#options;
    const received = silent.map((watched) => watched.received);
    try {
      const working = await this.#askWhoWorks(silent, askServer);
      // What has arrived meanwhile is read first: a blocked event loop also delays answers.
      await nextTurn();
      await nextTurn();
      const dead = silent.filter((watched, n) => {
        const { backend } = watched.answers;
        const isAlive =
          watched.received !== received[n] ||
          (!(working instanceof Error) &&
            (working === null || watched.awaitsRows || (backend !== undefined && working.has(backend))));
        if (isAlive) watched.excuse();
        return !isAlive;
      });
      if (dead.length === 0) return;
      const error = new DatabaseUnreachable(`PostgreSQL has not answered for ${silenceMs / 1_000} s`);
      if (working instanceof Error) reach.failed(error);
      log?.warn("Connections to PostgreSQL were silent and are closed", { connections: dead.length });
      for (const watched of dead) watched.close(error);
    } finally {
      this.#asking = false;
    }
  }

  async #askWhoWorks(silent: readonly WatchedSocket[], ask: AskServer): Promise<ReadonlySet<number> | null | Error> {
    try {
      return await ask(silent.flatMap(({ answers: { backend } }) => backend ?? []));
    } catch (error) {
      return error as Error;
    }
  }
}
