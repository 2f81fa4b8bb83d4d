import type { DeadLetter, Delivery, Draft, Message, Overrides, ReceiveMode, Settlement, Slot } from "./message.ts";
import { SessionLocks } from "./session-locks.ts";
import type { ResolvedQueueSettings } from "./settings.ts";
import { Shelf } from "./message-store.ts";
import type { Change, ShelfCounts } from "./message-store.ts";

/** How many messages are where. A message is counted once. */
export interface QueueCounts extends ShelfCounts {
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
    const numbered = { ...draft, sequence, enqueuedSequence: sequence };
    if (draft.scheduledFor !== undefined && draft.scheduledFor > now) {
      this.#change({ kind: "put", message: { ...numbered, enqueuedAt: now }, place: "scheduled", deliveryCount: 0 });
    } else {
      this.#change({
        kind: "put",
        message: admit(numbered, this.#parts.settings, now),
        place: "active",
        deliveryCount: 0,
      });
    }
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

  /** Hands the next message out. */
  receiveNext(mode: ReceiveMode, now: number, sessionId = ""): Delivery | undefined {
    const sequence = this.#shelf.ready.get(sessionId)?.first();
    return sequence === undefined ? undefined : this.#handOut(sequence, mode, now);
  }

  hasDeferred(sequence: number): boolean {
    return this.#shelf.deferred.has(sequence);
  }

  /** Hands out the deferred message with this number. */
  receiveDeferred(sequence: number, mode: ReceiveMode, now: number): Delivery | undefined {
    return this.hasDeferred(sequence) ? this.#handOut(sequence, mode, now) : undefined;
  }

  /** Prolongs a lock and returns its new end, or undefined when the lock is lost. */
  renewLock(token: string, now: number): number | undefined {
    const slot = this.#shelf.lockedBy(token);
    if (!slot) return undefined;
    const until = this.#lockEnd(slot.message, now);
    this.#change({ kind: "lock", sequence: slot.message.sequence, lock: { token, until } });
    return until;
  }

  /** Settles a locked message. Returns false, and changes nothing, when the lock is lost. */
  settle(token: string, settlement: Settlement): boolean {
    const slot = this.#shelf.lockedBy(token);
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
    return this.#shelf.from(from, limit, sessionId);
  }

  /** Locks a session: the one that is named, or else the free one whose first message is oldest. */
  acceptSession(wanted: string | undefined, now: number): string | undefined {
    const sessionId = wanted ?? this.#shelf.oldestGroup((id) => !this.sessions.isHeld(id));
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
    for (const slot of this.#shelf.lockedIn(sessionId)) this.#unlock(slot, { ...slot });
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
    for (const sessionId of lost) for (const slot of this.#shelf.lockedIn(sessionId)) this.#fail(slot);
    for (const sequence of shelf.lockEnds.takeUpTo(now)) this.#fail(this.#shelf.slot(sequence));
    for (const sequence of shelf.scheduled.takeUpTo(now)) this.#activate(this.#shelf.slot(sequence).message, now);
    for (const sequence of shelf.expiries.takeUpTo(now)) this.#expire(this.#shelf.slot(sequence));
    return lost;
  }

  /** When `advance` will next have something to do: epoch milliseconds, or Infinity. */
  nextDue(): number {
    const { lockEnds, scheduled, expiries } = this.#shelf;
    return Math.min(lockEnds.firstRank(), scheduled.firstRank(), expiries.firstRank(), this.sessions.nextDue());
  }

  counts(): QueueCounts {
    return { ...this.#shelf.counts(), deadLetter: this.deadLetters ? this.deadLetters.#shelf.slots.size : 0 };
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
      const slot = this.#shelf.slot(sequence);
      this.#unlock(slot, { ...slot });
    }
  }

  #handOut(sequence: number, mode: ReceiveMode, now: number): Delivery {
    const slot = this.#shelf.slot(sequence);
    if (mode === "receiveAndDelete") this.#change({ kind: "remove", sequence });
    else {
      const lock = { token: this.#parts.newToken(), until: this.#lockEnd(slot.message, now) };
      this.#change({ kind: "lock", sequence, lock });
    }
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
    const admitted = admit({ ...message, sequence: this.#shelf.nextSequence }, this.#parts.settings, now);
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

  #change(change: Change): void {
    this.#shelf.apply(change);
    this.#parts.record(change);
  }
}

/** What a message that becomes active now is like: its life begins, and is no longer than the queue allows. */
function admit(message: Omit<Message, "enqueuedAt">, { defaultTtlMs }: ResolvedQueueSettings, now: number): Message {
  const ttlMs = Math.min(message.ttlMs ?? Infinity, defaultTtlMs);
  const life = Number.isFinite(ttlMs) ? { ttlMs, expiresAt: now + ttlMs } : {};
  return { ...message, enqueuedAt: now, ...life };
}

function merged(slot: Slot, overrides: Overrides | undefined): Overrides | undefined {
  return overrides && slot.overrides ? { ...slot.overrides, ...overrides } : (overrides ?? slot.overrides);
}
