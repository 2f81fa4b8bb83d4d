import type { Message } from "./message.ts";

/**
 * The messages of a reliable connection that its client has not acknowledged: numbered from 1, kept in order, so that they
 * can be sent again after the connection was lost.
 */
export class Unacknowledged {
  #held: { readonly sequenceId: number; readonly message: Message }[] = [];
  #last = 0;
  #bytes = 0;

  /** @returns its number */
  add(message: Message): number {
    this.#held.push({ sequenceId: ++this.#last, message });
    this.#bytes += message.size;
    return this.#last;
  }

  /** Forgets every message up to this number. */
  acknowledge(sequenceId: number): void {
    const firstLeft = this.#held.findIndex((entry) => entry.sequenceId > sequenceId);
    const gone = this.#held.splice(0, firstLeft < 0 ? this.#held.length : firstLeft);
    for (const { message } of gone) this.#bytes -= message.size;
  }

  /** What is to be sent again, in order. @param now epoch milliseconds: what has expired is left out */
  pending(now: number): { readonly sequenceId: number; readonly message: Message }[] {
    return this.#held.filter(({ message }) => message.expiresAt > now);
  }

  get count(): number {
    return this.#held.length;
  }

  get bytes(): number {
    return this.#bytes;
  }
}
