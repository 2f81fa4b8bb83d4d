import type { Message } from "./message.ts";

interface Entry {
  readonly sequenceId: number;
  readonly message: Message;
}

/** The messages that a reliable client has not acknowledged, in order, with sequence ids from 1. */
export class UnacknowledgedMessages {
  readonly #entries: Entry[] = [];
  #lastId = 0;
  #bytes = 0;

  /** Returns the message's sequence id. */
  add(message: Message): number {
    this.#entries.push({ sequenceId: ++this.#lastId, message });
    this.#bytes += message.size;
    return this.#lastId;
  }

  /** Removes the messages up to this sequence id. */
  acknowledge(sequenceId: number): void {
    const firstLeft = this.#entries.findIndex((entry) => entry.sequenceId > sequenceId);
    const removed = this.#entries.splice(0, firstLeft < 0 ? this.#entries.length : firstLeft);
    for (const { message } of removed) this.#bytes -= message.size;
  }

  /** The messages to send again, in order, without expired ones. @param now epoch milliseconds */
  pending(now: number): readonly Entry[] {
    return this.#entries.filter(({ message }) => message.expiresAt > now);
  }

  get count(): number {
    return this.#entries.length;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
