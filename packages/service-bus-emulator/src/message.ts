/** A message as its sender gave it. The queue looks at none of the bytes. */
export interface Draft {
  /** The bare message: properties, application properties, body and footer, as they came over the wire. */
  readonly content: Buffer;
  /** The sender's annotations: encoded pairs of key and value, one after the other. */
  readonly annotations?: Buffer;
  readonly durable: boolean;
  readonly priority: number;
  readonly messageId: string;
  readonly sessionId?: string;
  readonly ttlMs?: number;
  /** Epoch milliseconds before which nobody receives the message. */
  readonly scheduledFor?: number;
}

/** Why and whence a message came to the dead-letter queue. */
export interface DeadLetter {
  readonly reason?: string;
  readonly description?: string;
}

/** Application properties that settling changed: encoded values by key. */
export type Overrides = Readonly<Record<string, Buffer>>;

/** A message that a queue has accepted. It never changes; what happens to it is kept in its slot. */
export interface Message extends Draft {
  /** Unique in its queue and ascending. A message keeps it when it is dead-lettered, and gets a new one when its scheduled time comes. */
  readonly sequence: number;
  readonly enqueuedSequence: number;
  readonly enqueuedAt: number;
  readonly expiresAt?: number;
  readonly deadLetter?: DeadLetter;
}

/** Where an unlocked message waits: for a receiver, for its time, or for someone who knows its sequence number. */
export type Place = "active" | "scheduled" | "deferred";

export interface Lock {
  readonly token: string;
  /** Epoch milliseconds. In a queue with sessions the session's lock counts instead. */
  readonly until: number;
}

/** A message and what has happened to it so far. */
export interface Slot {
  readonly message: Message;
  place: Place;
  /** How often it was handed out and came back. */
  deliveryCount: number;
  overrides?: Overrides | undefined;
  lock?: Lock | undefined;
}

/** What a receiver gets, or someone who peeks. */
export type Delivery = Readonly<Slot>;

/** Whether a receiver locks a message until it settles it, or gets it for good. */
export type ReceiveMode = "peekLock" | "receiveAndDelete";

/** What a receiver may do with a message that it has locked. */
export type Settlement =
  | { readonly kind: "complete" }
  | { readonly kind: "abandon"; readonly overrides?: Overrides | undefined }
  | { readonly kind: "release" }
  | { readonly kind: "defer"; readonly overrides?: Overrides | undefined }
  | { readonly kind: "deadLetter"; readonly deadLetter: DeadLetter; readonly overrides?: Overrides | undefined };
