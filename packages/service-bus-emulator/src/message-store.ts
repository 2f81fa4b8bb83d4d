import type { Delivery, Lock, Message, Overrides, Place, Slot } from "./message.ts";
import { RankedSet } from "./ranked-set.ts";

/**
 * Every way in which a queue's content changes. A queue decides, says so as changes, and applies them;
 * a journal keeps the changes and applies them again, so that both arrive at the same content.
 */
export type Change =
  | {
      readonly kind: "put";
      readonly message: Message;
      readonly place: Place;
      readonly deliveryCount: number;
      readonly overrides?: Overrides | undefined;
      readonly lock?: Lock | undefined;
    }
  | { readonly kind: "remove"; readonly sequence: number }
  | { readonly kind: "lock"; readonly sequence: number; readonly lock: Lock }
  | {
      readonly kind: "unlock";
      readonly sequence: number;
      readonly place: Place;
      readonly deliveryCount: number;
      readonly overrides?: Overrides | undefined;
    }
  | { readonly kind: "sessionState"; readonly sessionId: string; readonly state: Buffer | undefined }
  | { readonly kind: "sequence"; readonly next: number }
  | { readonly kind: "seen"; readonly messageId: string; readonly until: number };

export interface ShelfCounts {
  /** Waiting for a receiver. */
  readonly active: number;
  /** With a receiver. */
  readonly locked: number;
  /** Waiting for their time. */
  readonly scheduled: number;
  /** Waiting for someone who asks for their sequence number. */
  readonly deferred: number;
}

/** The content of one queue, with the orders in which it is asked for. It decides nothing. */
export class Shelf {
  readonly slots = new Map<number, Slot>();
  /** Sequence numbers of locked messages by lock token. */
  readonly locked = new Map<string, number>();
  /** Unlocked active messages in their order, by session; a queue without sessions has one entry, "". */
  readonly ready = new Map<string, RankedSet<number>>();
  readonly deferred = new Set<number>();
  /** By the time at which each is due: locks that run out, messages that expire, messages that become active. */
  readonly lockEnds = new RankedSet<number>();
  readonly expiries = new RankedSet<number>();
  readonly scheduled = new RankedSet<number>();
  readonly sessionStates = new Map<string, Buffer>();
  /** Message ids that count as duplicates, with the time until which they do. */
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

  /** The fewest changes that lead from an empty shelf to this one. */
  snapshot(): Change[] {
    const changes: Change[] = [{ kind: "sequence", next: this.nextSequence }];
    for (const slot of this.slots.values()) changes.push({ kind: "put", ...slot });
    for (const [sessionId, state] of this.sessionStates) changes.push({ kind: "sessionState", sessionId, state });
    for (const [messageId, until] of this.seen) changes.push({ kind: "seen", messageId, until });
    return changes;
  }

  slot(sequence: number): Slot {
    const slot = this.slots.get(sequence);
    if (!slot)
      throw new Error(`Expected a message with sequence number ${sequence}, found none: the indexes disagree.`);
    return slot;
  }

  lockedBy(token: string): Slot | undefined {
    const sequence = this.locked.get(token);
    return sequence === undefined ? undefined : this.slot(sequence);
  }

  lockedIn(sessionId: string): Slot[] {
    const slots = Array.from(this.locked.values(), (sequence) => this.slot(sequence));
    return slots.filter(({ message }) => message.sessionId === sessionId);
  }

  /** The session, among those that qualify, whose first waiting message came first. */
  oldestGroup(qualifies: (group: string) => boolean): string | undefined {
    let oldest: string | undefined;
    let rank = Infinity;
    for (const [group, ready] of this.ready) {
      if (ready.firstRank() >= rank || !qualifies(group)) continue;
      oldest = group;
      rank = ready.firstRank();
    }
    return oldest;
  }

  /** Messages from a sequence number on, in order. */
  from(first: number, limit: number, sessionId?: string): Delivery[] {
    const sequences: number[] = [];
    for (const [sequence, { message }] of this.slots) {
      if (sequence >= first && (sessionId === undefined || message.sessionId === sessionId)) sequences.push(sequence);
    }
    sequences.sort((a, b) => a - b);
    return sequences.slice(0, limit).map((sequence) => ({ ...this.slot(sequence) }));
  }

  counts(): ShelfCounts {
    const { slots, locked, scheduled, deferred } = this;
    const active = slots.size - locked.size - scheduled.size - deferred.size;
    return { active, locked: locked.size, scheduled: scheduled.size, deferred: deferred.size };
  }

  /** The order in which messages of a session are handed out. */
  group(message: Message): string {
    return this.#hasSessions ? (message.sessionId ?? "") : "";
  }

  #put({ message, place, deliveryCount, overrides, lock }: Change & { kind: "put" }): void {
    this.slots.set(message.sequence, { message, place, deliveryCount, overrides });
    this.nextSequence = Math.max(this.nextSequence, message.sequence + 1);
    this.#shelve(message, place);
    if (lock) this.#lock(message.sequence, lock);
  }

  #remove(sequence: number): void {
    const slot = this.slots.get(sequence);
    if (!slot) return;
    this.#unshelve(slot);
    this.slots.delete(sequence);
  }

  #lock(sequence: number, lock: Lock): void {
    const slot = this.slots.get(sequence);
    if (!slot) return;
    this.#unshelve(slot);
    slot.lock = lock;
    this.locked.set(lock.token, sequence);
    if (!this.#hasSessions) this.lockEnds.set(sequence, lock.until);
  }

  #unlock({ sequence, place, deliveryCount, overrides }: Change & { kind: "unlock" }): void {
    const slot = this.slots.get(sequence);
    if (!slot) return;
    this.#unshelve(slot);
    slot.place = place;
    slot.deliveryCount = deliveryCount;
    slot.overrides = overrides;
    this.#shelve(slot.message, place);
  }

  #shelve(message: Message, place: Place): void {
    const { sequence, expiresAt, scheduledFor } = message;
    if (place === "scheduled") {
      this.scheduled.set(sequence, scheduledFor ?? 0);
      return;
    }
    if (expiresAt !== undefined) this.expiries.set(sequence, expiresAt);
    if (place === "deferred") this.deferred.add(sequence);
    else this.#readyIn(this.group(message)).set(sequence, sequence);
  }

  #unshelve(slot: Slot): void {
    const { sequence } = slot.message;
    this.expiries.delete(sequence);
    if (slot.lock) {
      this.locked.delete(slot.lock.token);
      this.lockEnds.delete(sequence);
      slot.lock = undefined;
    } else if (slot.place === "scheduled") this.scheduled.delete(sequence);
    else if (slot.place === "deferred") this.deferred.delete(sequence);
    else {
      const group = this.group(slot.message);
      const ready = this.#readyIn(group);
      ready.delete(sequence);
      if (ready.size === 0 && this.#hasSessions) this.ready.delete(group);
    }
  }

  #readyIn(group: string): RankedSet<number> {
    let ready = this.ready.get(group);
    if (!ready) this.ready.set(group, (ready = new RankedSet()));
    return ready;
  }
}
