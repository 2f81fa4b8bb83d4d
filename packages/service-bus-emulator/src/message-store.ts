import type { Delivery, Lock, Message, MessageState, Overrides, StoredMessage } from "./message.ts";
import { PriorityQueue } from "./priority-queue.ts";

/**
 * Every way in which the content of a queue changes. A queue applies changes and records them in the journal; a replay
 * of the journal leads to the same content.
 */
export type Change =
  | {
      readonly kind: "put";
      readonly message: Message;
      readonly state: MessageState;
      readonly deliveryCount: number;
      readonly overrides?: Overrides | undefined;
      readonly lock?: Lock | undefined;
    }
  | { readonly kind: "remove"; readonly sequence: number }
  | { readonly kind: "lock"; readonly sequence: number; readonly lock: Lock }
  | {
      readonly kind: "unlock";
      readonly sequence: number;
      readonly state: MessageState;
      readonly deliveryCount: number;
      readonly overrides?: Overrides | undefined;
    }
  | { readonly kind: "sessionState"; readonly sessionId: string; readonly state: Buffer | undefined }
  | { readonly kind: "sequence"; readonly next: number }
  | { readonly kind: "seen"; readonly messageId: string; readonly until: number };

export interface StoreCounts {
  /** Ready for a receiver. */
  readonly active: number;
  /** Held by a receiver. */
  readonly locked: number;
  /** Their time has not come. */
  readonly scheduled: number;
  /** Received by sequence number only. */
  readonly deferred: number;
}

/** The messages of one queue with their indexes. It decides nothing. */
export class MessageStore {
  readonly messages = new Map<number, StoredMessage>();
  /** Sequence numbers of locked messages by lock token. */
  readonly locked = new Map<string, number>();
  /** Unlocked active messages in order, by session. A queue without sessions has one entry, "". */
  readonly ready = new Map<string, PriorityQueue<number>>();
  readonly deferred = new Set<number>();
  /** By due time: locks that expire, messages that expire, messages that become active. */
  readonly lockEnds = new PriorityQueue<number>();
  readonly expiries = new PriorityQueue<number>();
  readonly scheduled = new PriorityQueue<number>();
  readonly sessionStates = new Map<string, Buffer>();
  /** Ids of messages for duplicate detection, with the end of their window. */
  readonly seen = new Map<string, number>();
  nextSequence = 1;

  readonly #hasSessions: boolean;

  constructor(hasSessions: boolean) {
    this.#hasSessions = hasSessions;
  }

  apply(change: Change): void {
    switch (change.kind) {
      case "put": {
        this.#put(change);
        return;
      }
      case "remove": {
        this.#remove(change.sequence);
        return;
      }
      case "lock": {
        this.#lock(change.sequence, change.lock);
        return;
      }
      case "unlock": {
        this.#unlock(change);
        return;
      }
      case "sessionState":
        if (change.state) this.sessionStates.set(change.sessionId, change.state);
        else this.sessionStates.delete(change.sessionId);
        return;
      case "sequence":
        this.nextSequence = Math.max(this.nextSequence, change.next);
        return;
      case "seen":
        this.seen.set(change.messageId, change.until);
    }
  }

  /** The fewest changes that lead from an empty store to this one. */
  snapshot(): Change[] {
    const changes: Change[] = [{ kind: "sequence", next: this.nextSequence }];
    for (const stored of this.messages.values()) changes.push({ kind: "put", ...stored });
    for (const [sessionId, state] of this.sessionStates) changes.push({ kind: "sessionState", sessionId, state });
    for (const [messageId, until] of this.seen) changes.push({ kind: "seen", messageId, until });
    return changes;
  }

  get(sequence: number): StoredMessage {
    const stored = this.messages.get(sequence);
    if (!stored)
      throw new Error(`Expected a message with sequence number ${sequence}, found none: the indexes disagree.`);
    return stored;
  }

  lockedBy(token: string): StoredMessage | undefined {
    const sequence = this.locked.get(token);
    return sequence === undefined ? undefined : this.get(sequence);
  }

  lockedIn(sessionId: string): StoredMessage[] {
    const messages = Array.from(this.locked.values(), (sequence) => this.get(sequence));
    return messages.filter(({ message }) => message.sessionId === sessionId);
  }

  /** The session, of those that qualify, whose first ready message is the oldest. */
  oldestGroup(qualifies: (group: string) => boolean): string | undefined {
    let oldest: string | undefined;
    let sequence = Infinity;
    for (const [group, ready] of this.ready) {
      if (ready.lowestPriority() >= sequence || !qualifies(group)) continue;
      oldest = group;
      sequence = ready.lowestPriority();
    }
    return oldest;
  }

  /** Messages in order, beginning with a sequence number. */
  from(first: number, limit: number, sessionId?: string): Delivery[] {
    const sequences: number[] = [];
    for (const [sequence, { message }] of this.messages) {
      if (sequence >= first && (sessionId === undefined || message.sessionId === sessionId)) sequences.push(sequence);
    }
    sequences.sort((a, b) => a - b);
    return sequences.slice(0, limit).map((sequence) => ({ ...this.get(sequence) }));
  }

  counts(): StoreCounts {
    const { messages, locked, scheduled, deferred } = this;
    const active = messages.size - locked.size - scheduled.size - deferred.size;
    return { active, locked: locked.size, scheduled: scheduled.size, deferred: deferred.size };
  }

  /** The key of the message's order in `ready`. */
  group(message: Message): string {
    return this.#hasSessions ? (message.sessionId ?? "") : "";
  }

  #put({ message, state, deliveryCount, overrides, lock }: Change & { kind: "put" }): void {
    this.messages.set(message.sequence, { message, state, deliveryCount, overrides });
    this.nextSequence = Math.max(this.nextSequence, message.sequence + 1);
    this.#index(message, state);
    if (lock) this.#lock(message.sequence, lock);
  }

  #remove(sequence: number): void {
    const stored = this.messages.get(sequence);
    if (!stored) return;
    this.#unindex(stored);
    this.messages.delete(sequence);
  }

  #lock(sequence: number, lock: Lock): void {
    const stored = this.messages.get(sequence);
    if (!stored) return;
    this.#unindex(stored);
    stored.lock = lock;
    this.locked.set(lock.token, sequence);
    if (!this.#hasSessions) this.lockEnds.set(sequence, lock.until);
  }

  #unlock({ sequence, state, deliveryCount, overrides }: Change & { kind: "unlock" }): void {
    const stored = this.messages.get(sequence);
    if (!stored) return;
    this.#unindex(stored);
    stored.state = state;
    stored.deliveryCount = deliveryCount;
    stored.overrides = overrides;
    this.#index(stored.message, state);
  }

  #index(message: Message, state: MessageState): void {
    const { sequence, expiresAt, scheduledFor } = message;
    if (state === "scheduled") {
      this.scheduled.set(sequence, scheduledFor ?? 0);
      return;
    }
    if (expiresAt !== undefined) this.expiries.set(sequence, expiresAt);
    if (state === "deferred") this.deferred.add(sequence);
    else this.#readyIn(this.group(message)).set(sequence, sequence);
  }

  #unindex(stored: StoredMessage): void {
    const { sequence } = stored.message;
    this.expiries.delete(sequence);
    if (stored.lock) {
      this.locked.delete(stored.lock.token);
      this.lockEnds.delete(sequence);
      stored.lock = undefined;
    } else if (stored.state === "scheduled") this.scheduled.delete(sequence);
    else if (stored.state === "deferred") this.deferred.delete(sequence);
    else {
      const group = this.group(stored.message);
      const ready = this.#readyIn(group);
      ready.delete(sequence);
      if (ready.size === 0 && this.#hasSessions) this.ready.delete(group);
    }
  }

  #readyIn(group: string): PriorityQueue<number> {
    let ready = this.ready.get(group);
    if (!ready) this.ready.set(group, (ready = new PriorityQueue()));
    return ready;
  }
}
