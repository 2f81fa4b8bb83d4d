import type { MessageState, Settlement } from "../src/message.ts";

export interface ModelMessage {
  sequence: number;
  id: string;
  state: MessageState;
  deliveryCount: number;
  ttlMs: number | undefined;
  scheduledFor: number | undefined;
  expiresAt: number;
  lock: { token: string; until: number } | undefined;
  reason: string | undefined;
}

export interface ModelSettings {
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  readonly deadLetterOnExpiration: boolean;
}

/** A simple model of a queue without sessions: two arrays and loops over them. */
export class QueueModel {
  messages: ModelMessage[] = [];
  dead: ModelMessage[] = [];
  next = 1;
  readonly #settings: ModelSettings;

  constructor(settings: ModelSettings) {
    this.#settings = settings;
  }

  enqueue(id: string, ttlMs: number | undefined, scheduledFor: number | undefined, now: number): number {
    const isEarly = scheduledFor !== undefined && scheduledFor > now;
    this.messages.push({
      sequence: this.next,
      id,
      state: isEarly ? "scheduled" : "active",
      deliveryCount: 0,
      ttlMs,
      scheduledFor,
      expiresAt: isEarly ? Infinity : now + (ttlMs ?? Infinity),
      lock: undefined,
      reason: undefined,
    });
    return this.next++;
  }

  receive(token: string, now: number): ModelMessage | undefined {
    const first = this.#ordered().find(({ state, lock }) => state === "active" && !lock);
    if (first) first.lock = { token, until: now + this.#settings.lockDurationMs };
    return first;
  }

  receiveDeferred(sequence: number, token: string, now: number): ModelMessage | undefined {
    const found = this.messages.find((one) => one.sequence === sequence && one.state === "deferred" && !one.lock);
    if (found) found.lock = { token, until: now + this.#settings.lockDurationMs };
    return found;
  }

  renew(token: string, now: number): number | undefined {
    const found = this.#lockedBy(token);
    if (found) found.lock = { token, until: now + this.#settings.lockDurationMs };
    return found?.lock?.until;
  }

  settle(token: string, kind: Settlement["kind"]): boolean {
    const found = this.#lockedBy(token);
    if (!found) return false;
    if (kind === "complete") this.#remove(found);
    if (kind === "abandon") this.#fail(found);
    if (kind === "release") found.lock = undefined;
    if (kind === "defer") Object.assign(found, { lock: undefined, state: "deferred" });
    if (kind === "deadLetter") this.#deadLetter(found, "asked");
    return true;
  }

  cancel(sequence: number): boolean {
    const found = this.messages.find((one) => one.sequence === sequence && one.state === "scheduled");
    if (found) this.#remove(found);
    return found !== undefined;
  }

  advance(now: number): void {
    for (const one of this.#ordered()) if (one.lock && one.lock.until <= now) this.#fail(one);
    const due = this.messages.filter(({ state, scheduledFor = 0 }) => state === "scheduled" && scheduledFor <= now);
    due.sort((a, b) => (a.scheduledFor ?? 0) - (b.scheduledFor ?? 0) || a.sequence - b.sequence);
    for (const one of due) {
      Object.assign(one, { state: "active", sequence: this.next++, expiresAt: now + (one.ttlMs ?? Infinity) });
    }
    for (const one of this.#ordered()) {
      if (one.lock || one.expiresAt > now) continue;
      if (this.#settings.deadLetterOnExpiration) this.#deadLetter(one, "TTLExpiredException");
      else this.#remove(one);
    }
  }

  /** Everything that a peek shows. */
  view(): object {
    const seen = ({ sequence, id, state, deliveryCount, lock }: ModelMessage) => [
      sequence,
      id,
      state,
      deliveryCount,
      lock,
    ];
    const dead = this.dead.toSorted((a, b) => a.sequence - b.sequence);
    return {
      messages: this.#ordered().map(seen),
      dead: dead.map(({ id, reason, deliveryCount }) => [id, reason, deliveryCount]),
    };
  }

  #ordered(): ModelMessage[] {
    return this.messages.toSorted((a, b) => a.sequence - b.sequence);
  }

  #lockedBy(token: string): ModelMessage | undefined {
    return this.messages.find(({ lock }) => lock?.token === token);
  }

  #fail(one: ModelMessage): void {
    one.deliveryCount++;
    one.lock = undefined;
    if (one.deliveryCount >= this.#settings.maxDeliveryCount) this.#deadLetter(one, "MaxDeliveryCountExceeded");
  }

  #deadLetter(one: ModelMessage, reason: string): void {
    this.#remove(one);
    this.dead.push({ ...one, reason, lock: undefined });
  }

  #remove(one: ModelMessage): void {
    this.messages = this.messages.filter((other) => other !== one);
  }
}
