import type {
  DeadLetter,
  Delivery,
  Draft,
  Message,
  Overrides,
  ReceiveMode,
  Settlement,
  StoredMessage,
} from "./message.ts";
import type { Change, StoreCounts } from "./message-store.ts";
import { MessageStore } from "./message-store.ts";
import { SessionLocks } from "./session-locks.ts";
import type { ResolvedQueueSettings } from "./settings.ts";

/** The number of messages by state. Each message counts once. */
export interface QueueCounts extends StoreCounts {
  /** In the dead-letter queue, locked or not. */
  readonly deadLetter: number;
}

export interface QueueParts {
  readonly settings: ResolvedQueueSettings;
  /** Returns a token that no other lock has or had. */
  readonly newToken: () => string;
  /** Receives every change as it happens. */
  readonly record: (change: Change) => void;
  /** Receives failed and expired messages; a dead-letter queue has none. */
  readonly deadLetters?: Queue;
}

/**
 * One queue as a state machine: no network, no clock, no timers. Every command takes `now` in epoch milliseconds; the
 * caller calls `advance(now)` first.
 */
export class Queue {
  readonly sessions = new SessionLocks();
  readonly #store: MessageStore;
  readonly #parts: QueueParts;

  constructor(parts: QueueParts) {
    this.#parts = parts;
    this.#store = new MessageStore(parts.settings.requiresSession);
  }

  get requiresSession(): boolean {
    return this.#parts.settings.requiresSession;
  }

  get deadLetters(): Queue | undefined {
    return this.#parts.deadLetters;
  }

  /** Stores a message, or drops it as a duplicate, and returns its sequence number. */
  enqueue(draft: Draft, now: number): number {
    const sequence = this.#store.nextSequence;
    if (this.#isDuplicate(draft, now)) {
      this.#change({ kind: "sequence", next: sequence + 1 });
      return sequence;
    }
    const numbered = { ...draft, sequence, enqueuedSequence: sequence };
    if (draft.scheduledFor !== undefined && draft.scheduledFor > now) {
      this.#change({ kind: "put", message: { ...numbered, enqueuedAt: now }, state: "scheduled", deliveryCount: 0 });
    } else {
      this.#change({
        kind: "put",
        message: activated(numbered, this.#parts.settings, now),
        state: "active",
        deliveryCount: 0,
      });
    }
    return sequence;
  }

  /** Removes scheduled messages. If one is not scheduled, it removes none and returns the number of that one. */
  cancel(sequences: readonly number[]): number | undefined {
    const missing = sequences.find((sequence) => !this.#store.scheduled.has(sequence));
    if (missing === undefined) for (const sequence of sequences) this.#change({ kind: "remove", sequence });
    return missing;
  }

  /** Whether a receiver can get a message: of the session, or of a queue without sessions. */
  hasReady(sessionId = ""): boolean {
    return (this.#store.ready.get(sessionId)?.size ?? 0) > 0;
  }

  /** Locks or removes the next message and returns it. */
  receiveNext(mode: ReceiveMode, now: number, sessionId = ""): Delivery | undefined {
    const sequence = this.#store.ready.get(sessionId)?.first();
    return sequence === undefined ? undefined : this.#take(sequence, mode, now);
  }

  hasDeferred(sequence: number): boolean {
    return this.#store.deferred.has(sequence);
  }

  /** Locks or removes the deferred message with this sequence number and returns it. */
  receiveDeferred(sequence: number, mode: ReceiveMode, now: number): Delivery | undefined {
    return this.hasDeferred(sequence) ? this.#take(sequence, mode, now) : undefined;
  }

  /** Renews a lock and returns its new end, or undefined when the lock is lost. */
  renewLock(token: string, now: number): number | undefined {
    const stored = this.#store.lockedBy(token);
    if (!stored) return undefined;
    const until = this.#lockEnd(stored.message, now);
    this.#change({ kind: "lock", sequence: stored.message.sequence, lock: { token, until } });
    return until;
  }

  /** Settles a locked message. Returns false, and changes nothing, when the lock is lost. */
  settle(token: string, settlement: Settlement): boolean {
    const stored = this.#store.lockedBy(token);
    if (!stored) return false;
    switch (settlement.kind) {
      case "complete":
        this.#change({ kind: "remove", sequence: stored.message.sequence });
        break;
      case "abandon":
        this.#failDelivery(stored, settlement.overrides);
        break;
      case "release":
        this.#unlock(stored, { ...stored });
        break;
      case "defer":
        this.#unlock(stored, { ...stored, state: "deferred", overrides: merged(stored, settlement.overrides) });
        break;
      case "deadLetter":
        this.#deadLetter({ ...stored, overrides: merged(stored, settlement.overrides) }, settlement.deadLetter);
    }
    return true;
  }

  /** Messages in order, beginning with a sequence number, in every state and also while locked. */
  peek(from: number, limit: number, sessionId?: string): Delivery[] {
    return this.#store.from(from, limit, sessionId);
  }

  /** Locks the wanted session, or the free one with the oldest message. Returns undefined when it is locked. */
  acceptSession(wanted: string | undefined, now: number): string | undefined {
    const sessionId = wanted ?? this.#store.oldestGroup((id) => !this.sessions.isLocked(id));
    if (sessionId === undefined || this.sessions.isLocked(sessionId)) return undefined;
    this.sessions.lock(sessionId, now + this.#parts.settings.lockDurationMs);
    return sessionId;
  }

  renewSession(sessionId: string, now: number): number | undefined {
    if (!this.sessions.isLocked(sessionId)) return undefined;
    const until = now + this.#parts.settings.lockDurationMs;
    this.sessions.lock(sessionId, until);
    return until;
  }

  /** Ends the lock on a session. Its locked messages become active; that is no failed delivery. */
  releaseSession(sessionId: string): void {
    this.sessions.release(sessionId);
    for (const stored of this.#store.lockedIn(sessionId)) this.#unlock(stored, { ...stored });
  }

  sessionState(sessionId: string): Buffer | undefined {
    return this.#store.sessionStates.get(sessionId);
  }

  setSessionState(sessionId: string, state: Buffer | undefined): void {
    this.#change({ kind: "sessionState", sessionId, state });
  }

  /** Expires locks and messages, activates scheduled messages, and returns the sessions whose lock expired. */
  advance(now: number): string[] {
    if (this.nextDue() > now) return [];
    const store = this.#store;
    const lost = this.sessions.expire(now);
    for (const sessionId of lost) for (const stored of this.#store.lockedIn(sessionId)) this.#failDelivery(stored);
    for (const sequence of store.lockEnds.takeUpTo(now)) this.#failDelivery(this.#store.get(sequence));
    for (const sequence of store.scheduled.takeUpTo(now)) this.#activate(this.#store.get(sequence).message, now);
    for (const sequence of store.expiries.takeUpTo(now)) this.#expire(this.#store.get(sequence));
    return lost;
  }

  /** When `advance` has something to do next: epoch milliseconds, or Infinity. */
  nextDue(): number {
    const { lockEnds, scheduled, expiries } = this.#store;
    return Math.min(
      lockEnds.lowestPriority(),
      scheduled.lowestPriority(),
      expiries.lowestPriority(),
      this.sessions.nextDue(),
    );
  }

  counts(): QueueCounts {
    return { ...this.#store.counts(), deadLetter: this.deadLetters ? this.deadLetters.#store.messages.size : 0 };
  }

  /** Applies a change of the journal. */
  replay(change: Change): void {
    this.#store.apply(change);
  }

  snapshot(): Change[] {
    return this.#store.snapshot();
  }

  /** After a restart no session is locked, so locks on their messages end; "release" ends all other locks too. */
  recover(locks: "keep" | "release"): void {
    if (locks === "keep" && !this.requiresSession) return;
    for (const sequence of [...this.#store.locked.values()]) {
      const stored = this.#store.get(sequence);
      this.#unlock(stored, { ...stored });
    }
  }

  #take(sequence: number, mode: ReceiveMode, now: number): Delivery {
    const stored = this.#store.get(sequence);
    if (mode === "receiveAndDelete") this.#change({ kind: "remove", sequence });
    else {
      const lock = { token: this.#parts.newToken(), until: this.#lockEnd(stored.message, now) };
      this.#change({ kind: "lock", sequence, lock });
    }
    return stored;
  }

  #failDelivery(stored: StoredMessage, overrides?: Overrides): void {
    const deliveryCount = stored.deliveryCount + 1;
    const { maxDeliveryCount } = this.#parts.settings;
    if (this.deadLetters && deliveryCount >= maxDeliveryCount) {
      const description = `Message could not be consumed after ${maxDeliveryCount} delivery attempts.`;
      const failed = { ...stored, deliveryCount, overrides: merged(stored, overrides) };
      this.#deadLetter(failed, { reason: "MaxDeliveryCountExceeded", description });
    } else {
      this.#unlock(stored, { ...stored, deliveryCount, overrides: merged(stored, overrides) });
    }
  }

  #unlock(stored: Delivery, after: Pick<StoredMessage, "state" | "deliveryCount" | "overrides">): void {
    const { state, deliveryCount, overrides } = after;
    this.#change({ kind: "unlock", sequence: stored.message.sequence, state, deliveryCount, overrides });
  }

  #deadLetter(stored: Delivery, deadLetter: DeadLetter): void {
    if (!this.deadLetters) {
      this.#unlock(stored, stored);
      return;
    }
    const { message, deliveryCount, overrides } = stored;
    // A dead-lettered message does not expire.
    const { expiresAt: _, ...kept } = message;
    this.#change({ kind: "remove", sequence: message.sequence });
    this.deadLetters.#change({
      kind: "put",
      message: { ...kept, deadLetter },
      state: "active",
      deliveryCount,
      overrides,
    });
  }

  /** A scheduled message joins the end of the queue, as if its sender sent it now. */
  #activate(message: Message, now: number): void {
    const active = activated({ ...message, sequence: this.#store.nextSequence }, this.#parts.settings, now);
    this.#change({ kind: "remove", sequence: message.sequence });
    this.#change({ kind: "put", message: active, state: "active", deliveryCount: 0 });
  }

  #expire(stored: StoredMessage): void {
    if (this.#parts.settings.deadLetterOnExpiration && this.deadLetters) {
      const description = "The message expired and was dead lettered.";
      this.#deadLetter(stored, { reason: "TTLExpiredException", description });
    } else {
      this.#change({ kind: "remove", sequence: stored.message.sequence });
    }
  }

  #isDuplicate({ messageId }: Draft, now: number): boolean {
    const { duplicateDetectionMs } = this.#parts.settings;
    if (duplicateDetectionMs === 0) return false;
    const { seen } = this.#store;
    for (const [id, until] of seen) {
      if (until > now) break;
      seen.delete(id);
    }
    if (seen.has(messageId)) return true;
    this.#change({ kind: "seen", messageId, until: now + duplicateDetectionMs });
    return false;
  }

  #lockEnd(message: Message, now: number): number {
    const sessionEnd = this.requiresSession ? this.sessions.lockedUntil(this.#store.group(message)) : undefined;
    return sessionEnd ?? now + this.#parts.settings.lockDurationMs;
  }

  #change(change: Change): void {
    this.#store.apply(change);
    this.#parts.record(change);
  }
}

/** The message as it becomes active now: its time to live begins, limited by the queue. */
function activated(
  message: Omit<Message, "enqueuedAt">,
  { defaultTtlMs }: ResolvedQueueSettings,
  now: number,
): Message {
  const ttlMs = Math.min(message.ttlMs ?? Infinity, defaultTtlMs);
  const lifetime = Number.isFinite(ttlMs) ? { ttlMs, expiresAt: now + ttlMs } : {};
  return { ...message, enqueuedAt: now, ...lifetime };
}

function merged(stored: StoredMessage, overrides: Overrides | undefined): Overrides | undefined {
  return overrides && stored.overrides ? { ...stored.overrides, ...overrides } : (overrides ?? stored.overrides);
}
