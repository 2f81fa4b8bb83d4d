import type { Delivery, ReceiveMode } from "./message.ts";
import type { Queue } from "./queue.ts";

/** A link that receives from one queue as long as it has credit. */
export interface Consumer {
  readonly mode: ReceiveMode;
  /** The session that it holds, in a queue with sessions. */
  readonly sessionId?: string | undefined;
  /** How many more messages it accepts. */
  credit(): number;
  deliver(delivery: Delivery): void;
  /** The lock on its session has expired. */
  onSessionLockLost(): void;
}

interface SessionWaiter {
  readonly accept: (sessionId: string) => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** A queue with its consumers: it delivers ready messages to them in turn and sets a timer for the next change. */
export class Entity {
  readonly queue: Queue;
  readonly path: string;
  readonly #now: () => number;
  readonly #deadLetters: Entity | undefined;
  readonly #consumers: Consumer[] = [];
  readonly #waiters = new Set<SessionWaiter>();
  #turn = 0;
  #timer: NodeJS.Timeout | undefined;
  #timerDue = Infinity;

  constructor(path: string, queue: Queue, now: () => number, deadLetters?: Entity) {
    this.#deadLetters = deadLetters;
    this.path = path;
    this.queue = queue;
    this.#now = now;
  }

  /** Runs a command at the present time, then delivers the messages that are ready, also of the dead-letter queue. */
  run<Result>(command: (queue: Queue, now: number) => Result): Result {
    const now = this.#advance();
    const result = command(this.queue, now);
    this.#dispatchAt(now);
    return result;
  }

  addConsumer(consumer: Consumer): void {
    this.#consumers.push(consumer);
  }

  removeConsumer(consumer: Consumer): void {
    const index = this.#consumers.indexOf(consumer);
    if (index === -1) return;
    this.#consumers.splice(index, 1);
    if (consumer.sessionId !== undefined) this.queue.releaseSession(consumer.sessionId);
    this.dispatch();
  }

  /** Calls back with the first free session that has messages. Returns a function that cancels. */
  waitForSession(accept: (sessionId: string) => void): () => void {
    const waiter = { accept };
    this.#waiters.add(waiter);
    return () => this.#waiters.delete(waiter);
  }

  /** Reads the clock and delivers the messages that are ready. */
  dispatch(): void {
    this.#dispatchAt(this.#advance());
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#timerDue = Infinity;
  }

  #dispatchAt(now: number): void {
    this.#serveWaiters(now);
    while (this.#dispatchOne(now));
    this.#schedule(now);
    // The command may have added messages to the dead-letter queue.
    this.#deadLetters?.dispatch();
  }

  #advance(): number {
    const now = this.#now();
    const lost = this.queue.advance(now);
    for (const consumer of this.#consumers.filter(
      ({ sessionId }) => sessionId !== undefined && lost.includes(sessionId),
    )) {
      this.#consumers.splice(this.#consumers.indexOf(consumer), 1);
      consumer.onSessionLockLost();
    }
    return now;
  }

  #serveWaiters(now: number): void {
    for (const waiter of this.#waiters) {
      const sessionId = this.queue.acceptSession(undefined, now);
      if (sessionId === undefined) return;
      this.#waiters.delete(waiter);
      waiter.accept(sessionId);
    }
  }

  /** Delivers one message to the next consumer in turn that has credit. */
  #dispatchOne(now: number): boolean {
    if (!this.queue.requiresSession && !this.queue.hasReady()) return false;
    for (let tried = 0; tried < this.#consumers.length; tried++) {
      this.#turn = (this.#turn + 1) % this.#consumers.length;
      const consumer = this.#consumers[this.#turn];
      if (!consumer || consumer.credit() === 0 || !this.queue.hasReady(consumer.sessionId)) continue;
      const delivery = this.queue.receiveNext(consumer.mode, now, consumer.sessionId);
      if (delivery) consumer.deliver(delivery);
      return true;
    }
    return false;
  }

  #schedule(now: number): void {
    const due = this.queue.nextDue();
    if (due >= this.#timerDue) return;
    clearTimeout(this.#timer);
    this.#timerDue = due;
    const wake = () => {
      this.#timerDue = Infinity;
      this.dispatch();
    };
    // A timer may fire up to a millisecond early, find nothing due, and start again at once.
    this.#timer = setTimeout(wake, Math.min(Math.max(due - now + 1, 1), LONGEST_TIMER_MS));
  }
}
