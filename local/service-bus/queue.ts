import type { DeadLetter, Delivery, Draft, Message, Overrides, Settlement, Slot } from "./message.ts";
import { SessionLocks } from "./session-locks.ts";
import type { ResolvedQueueSettings } from "./settings.ts";
import { Shelf } from "./shelf.ts";
import type { Change } from "./shelf.ts";

/** How many messages are where. A message is counted once. */
export interface QueueCounts {
  /** Waiting for a receiver. */
  readonly active: number;
  /** With a receiver. */
  readonly locked: number;
  /** Waiting for their time. */
  readonly scheduled: number;
  /** Waiting for someone who asks for their sequence number. */
  readonly deferred: number;
  /** In the dead-letter queue, locked or not. */
  readonly deadLetter: number;
}

export interface QueueParts {
  readonly settings: ResolvedQueueSettings;
  /** Gives a token that no other lock has or had. */
  readonly newToken: () => string;
  /** Is told every change as it is made. */
  readonly record: (change: Change) => void;
  /** Where failed and expired messages go; a dead-letter queue has none. */
  readonly deadLetters?: Queue;
}

/**
 * One queue as a state machine: no network, no clock, no timers. Every command is given `now` in epoch milliseconds,
 * and `advance(now)` must have been called with that time before it.
 */
export class Queue {
  readonly sessions = new SessionLocks();
  readonly #shelf: Shelf;
  readonly #parts: QueueParts;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#shelf = new Shelf(parts.settings.requiresSession);
  }

  get requiresSession(): boolean {
    return this.#parts.settings.requiresSession;
  }

  get deadLetters(): Queue | undefined {
    return this.#parts.deadLetters;
  }

  /** Takes a message in, at once or for later, and returns its sequence number. A duplicate is dropped. */
  enqueue(draft: Draft, now: number): number {
    const sequence = this.#shelf.nextSequence;
    if (this.#isDuplicate(draft, now)) {
      this.#change({ kind: "sequence", next: sequence + 1 });
      return sequence;
    }
    const isEarly = draft.scheduledFor !== undefined && draft.scheduledFor > now;
    const message = isEarly
      ? { ...draft, sequence, enqueuedSequence: sequence, enqueuedAt: now }
      : this.#admitted(draft, sequence, sequence, now);
    this.#change({ kind: "put", message, place: isEarly ? "scheduled" : "active", deliveryCount: 0 });
    return sequence;
  }

  /** Takes back messages whose time has not come. Changes nothing and returns the first number that is not scheduled, if there is one. */
  cancel(sequences: readonly number[]): number | undefined {
    const missing = sequences.find((sequence) => !this.#shelf.scheduled.has(sequence));
    if (missing === undefined) for (const sequence of sequences) this.#change({ kind: "remove", sequence });
    return missing;
  }

  /** Whether someone could receive: in the session that is named, or at all in a queue without sessions. */
  hasReady(sessionId = ""): boolean {
    return (this.#shelf.ready.get(sessionId)?.size ?? 0) > 0;
  }

  /** Locks the next message for a receiver. */
  lockNext(now: number, sessionId = ""): Delivery | undefined {
    const sequence = this.#shelf.ready.get(sessionId)?.first();
    return sequence === undefined ? undefined : this.#lock(sequence, now);
  }

  /** Hands the next message out for good. */
  takeNext(sessionId = ""): Delivery | undefined {
    const sequence = this.#shelf.ready.get(sessionId)?.first();
    return sequence === undefined ? undefined : this.#take(sequence);
  }

  hasDeferred(sequence: number): boolean {
    return this.#shelf.deferred.has(sequence);
  }

  /** The deferred message with this number, locked or for good. */
  lockDeferred(sequence: number, now: number): Delivery | undefined {
    return this.#shelf.deferred.has(sequence) ? this.#lock(sequence, now) : undefined;
  }

  takeDeferred(sequence: number): Delivery | undefined {
    return this.#shelf.deferred.has(sequence) ? this.#take(sequence) : undefined;
  }

  /** Prolongs a lock and returns its new end, or undefined when the lock is lost. */
  renewLock(token: string, now: number): number | undefined {
    const slot = this.#lockedSlot(token);
    if (!slot) return undefined;
    const until = this.#lockEnd(slot.message, now);
    this.#change({ kind: "lock", sequence: slot.message.sequence, lock: { token, until } });
    return until;
  }

  /** Settles a locked message. Returns false, and changes nothing, when the lock is lost. */
  settle(token: string, settlement: Settlement): boolean {
    const slot = this.#lockedSlot(token);
    if (!slot) return false;
    switch (settlement.kind) {
      case "complete":
        this.#change({ kind: "remove", sequence: slot.message.sequence });
        break;
      case "abandon":
        this.#fail(slot, settlement.overrides);
        break;
      case "release":
        this.#unlock(slot, { ...slot });
        break;
      case "defer":
        this.#unlock(slot, { ...slot, place: "deferred", overrides: merged(slot, settlement.overrides) });
        break;
      case "deadLetter":
        this.#bury({ ...slot, overrides: merged(slot, settlement.overrides) }, settlement.deadLetter);
    }
    return true;
  }

  /** Messages from a sequence number on, in order, whatever place they are in and whether locked or not. */
  peek(from: number, limit: number, sessionId?: string): Delivery[] {
    const sequences: number[] = [];
    for (const [sequence, { message }] of this.#shelf.slots) {
      if (sequence >= from && (sessionId === undefined || message.sessionId === sessionId)) sequences.push(sequence);
    }
    sequences.sort((a, b) => a - b);
    return sequences.slice(0, limit).map((sequence) => ({ ...this.#slot(sequence) }));
  }

  /** Locks a session: the one that is named, or else the free one whose first message is oldest. */
  acceptSession(wanted: string | undefined, now: number): string | undefined {
    const sessionId = wanted ?? this.#oldestFreeSession();
    if (sessionId === undefined || this.sessions.isHeld(sessionId)) return undefined;
    this.sessions.hold(sessionId, now + this.#parts.settings.lockDurationMs);
    return sessionId;
  }

  renewSession(sessionId: string, now: number): number | undefined {
    if (!this.sessions.isHeld(sessionId)) return undefined;
    const until = now + this.#parts.settings.lockDurationMs;
    this.sessions.hold(sessionId, until);
    return until;
  }

  /** Gives a session back. Its locked messages become free; that is no failed delivery. */
  releaseSession(sessionId: string): void {
    this.sessions.release(sessionId);
    for (const slot of this.#lockedIn(sessionId)) this.#unlock(slot, { ...slot });
  }

  sessionState(sessionId: string): Buffer | undefined {
    return this.#shelf.sessionStates.get(sessionId);
  }

  setSessionState(sessionId: string, state: Buffer | undefined): void {
    this.#change({ kind: "sessionState", sessionId, state });
  }

  /** Lets time pass: locks run out, messages expire, scheduled ones become active. Returns the sessions whose lock ran out. */
  advance(now: number): string[] {
    if (this.nextDue() > now) return [];
    const shelf = this.#shelf;
    const lost = this.sessions.expire(now);
    for (const sessionId of lost) for (const slot of this.#lockedIn(sessionId)) this.#fail(slot);
    for (const sequence of shelf.lockEnds.takeUpTo(now)) this.#fail(this.#slot(sequence));
    for (const sequence of shelf.scheduled.takeUpTo(now)) this.#activate(this.#slot(sequence).message, now);
    for (const sequence of shelf.expiries.takeUpTo(now)) this.#expire(this.#slot(sequence));
    return lost;
  }

  /** When `advance` will next have something to do: epoch milliseconds, or Infinity. */
  nextDue(): number {
    const { lockEnds, scheduled, expiries } = this.#shelf;
    return Math.min(lockEnds.firstRank(), scheduled.firstRank(), expiries.firstRank(), this.sessions.nextDue());
  }

  counts(): QueueCounts {
    const { slots, locked, scheduled, deferred } = this.#shelf;
    const active = slots.size - locked.size - scheduled.size - deferred.size;
    const deadLetter = this.deadLetters?.size ?? 0;
    return { active, locked: locked.size, scheduled: scheduled.size, deferred: deferred.size, deadLetter };
  }

  get size(): number {
    return this.#shelf.slots.size;
  }

  /** Applies a change that a journal kept. */
  replay(change: Change): void {
    this.#shelf.apply(change);
  }

  snapshot(): Change[] {
    return this.#shelf.snapshot();
  }

  /** After a restart no session is held, so what was locked in one is free; with "release" all other locks end as well. */
  recover(locks: "keep" | "release"): void {
    if (locks === "keep" && !this.requiresSession) return;
    for (const sequence of [...this.#shelf.locked.values()]) {
      const slot = this.#slot(sequence);
      this.#unlock(slot, { ...slot });
    }
  }

  #lock(sequence: number, now: number): Delivery {
    const slot = this.#slot(sequence);
    const lock = { token: this.#parts.newToken(), until: this.#lockEnd(slot.message, now) };
    this.#change({ kind: "lock", sequence, lock });
    return slot;
  }

  #take(sequence: number): Delivery {
    const slot = this.#slot(sequence);
    this.#change({ kind: "remove", sequence });
    return slot;
  }

  #fail(slot: Slot, overrides?: Overrides): void {
    const deliveryCount = slot.deliveryCount + 1;
    const { maxDeliveryCount } = this.#parts.settings;
    if (this.deadLetters && deliveryCount >= maxDeliveryCount) {
      const description = `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`;
      const failed = { ...slot, deliveryCount, overrides: merged(slot, overrides) };
      this.#bury(failed, { reason: "MaxDeliveryCountExceeded", description });
    } else {
      this.#unlock(slot, { ...slot, deliveryCount, overrides: merged(slot, overrides) });
    }
  }

  #unlock(slot: Delivery, after: Pick<Slot, "place" | "deliveryCount" | "overrides">): void {
    const { place, deliveryCount, overrides } = after;
    this.#change({ kind: "unlock", sequence: slot.message.sequence, place, deliveryCount, overrides });
  }

  #bury(slot: Delivery, deadLetter: DeadLetter): void {
    if (!this.deadLetters) {
      this.#unlock(slot, slot);
      return;
    }
    const { message, deliveryCount, overrides } = slot;
    // The dead do not expire.
    const { expiresAt: _, ...kept } = message;
    this.#change({ kind: "remove", sequence: message.sequence });
    this.deadLetters.#change({
      kind: "put",
      message: { ...kept, deadLetter },
      place: "active",
      deliveryCount,
      overrides,
    });
  }

  /** A scheduled message joins the end of the queue as if it had been sent now. */
  #activate(message: Message, now: number): void {
    const admitted = this.#admitted(message, this.#shelf.nextSequence, message.enqueuedSequence, now);
    this.#change({ kind: "remove", sequence: message.sequence });
    this.#change({ kind: "put", message: admitted, place: "active", deliveryCount: 0 });
  }

  #expire(slot: Slot): void {
    if (this.#parts.settings.deadLetterOnExpiration && this.deadLetters) {
      const description = "The message expired and was dead lettered.";
      this.#bury(slot, { reason: "TTLExpiredException", description });
    } else {
      this.#change({ kind: "remove", sequence: slot.message.sequence });
    }
  }

  #admitted(draft: Draft, sequence: number, enqueuedSequence: number, now: number): Message {
    const ttlMs = Math.min(draft.ttlMs ?? Infinity, this.#parts.settings.defaultTtlMs);
    const message = { ...draft, sequence, enqueuedSequence, enqueuedAt: now };
    return Number.isFinite(ttlMs) ? { ...message, ttlMs, expiresAt: now + ttlMs } : message;
  }

  #isDuplicate({ messageId }: Draft, now: number): boolean {
    const { duplicateDetectionMs } = this.#parts.settings;
    if (duplicateDetectionMs === 0) return false;
    const { seen } = this.#shelf;
    for (const [id, until] of seen) {
      if (until > now) break;
      seen.delete(id);
    }
    if (seen.has(messageId)) return true;
    this.#change({ kind: "seen", messageId, until: now + duplicateDetectionMs });
    return false;
  }

  #lockEnd(message: Message, now: number): number {
    const sessionEnd = this.requiresSession ? this.sessions.heldUntil(this.#shelf.group(message)) : undefined;
    return sessionEnd ?? now + this.#parts.settings.lockDurationMs;
  }

  #oldestFreeSession(): string | undefined {
    let oldest: string | undefined;
    let rank = Infinity;
    for (const [sessionId, ready] of this.#shelf.ready) {
      if (ready.firstRank() >= rank || this.sessions.isHeld(sessionId)) continue;
      oldest = sessionId;
      rank = ready.firstRank();
    }
    return oldest;
  }

  #lockedIn(sessionId: string): Slot[] {
    const slots = Array.from(this.#shelf.locked.values(), (sequence) => this.#slot(sequence));
    return slots.filter(({ message }) => message.sessionId === sessionId);
  }

  #lockedSlot(token: string): Slot | undefined {
    const sequence = this.#shelf.locked.get(token);
    return sequence === undefined ? undefined : this.#slot(sequence);
  }

  #slot(sequence: number): Slot {
    const slot = this.#shelf.slots.get(sequence);
    if (!slot)
      throw new Error(`Expected a message with sequence number ${sequence}, found none: the queue's indexes disagree.`);
    return slot;
  }

  #change(change: Change): void {
    this.#shelf.apply(change);
    this.#parts.record(change);
  }
}

function merged(slot: Slot, overrides: Overrides | undefined): Overrides | undefined {
  return overrides && slot.overrides ? { ...slot.overrides, ...overrides } : (overrides ?? slot.overrides);
}
