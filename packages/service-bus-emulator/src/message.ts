/** A message as its sender sent it. The queue reads none of the bytes. */
export interface Draft {
  /** The bare message: properties, application properties, body and footer, as they arrived. */
  readonly content: Buffer;
  /** The sender's annotations, as an encoded map. */
  readonly annotations?: Buffer;
  readonly durable: boolean;
  readonly priority: number;
  readonly messageId: string;
  readonly sessionId?: string;
  readonly ttlMs?: number;
  /** Epoch milliseconds. Before this time no receiver gets the message. */
  readonly scheduledFor?: number;
}

/** Why a message is in the dead-letter queue. */
export interface DeadLetter {
  readonly reason?: string;
  readonly description?: string;
}

/** Application properties that a settlement changed: encoded values by name. */
export type Overrides = Readonly<Record<string, Buffer>>;

/** A message that a queue has accepted. It never changes; the queue keeps its state in a StoredMessage. */
export interface Message extends Draft {
  /**
   * Unique in its queue and ascending. A dead-lettered message keeps it; a scheduled one gets a new one at its time.
   */
  readonly sequence: number;
  readonly enqueuedSequence: number;
  readonly enqueuedAt: number;
  readonly expiresAt?: number;
  readonly deadLetter?: DeadLetter;
}

/** What an unlocked message waits for: a receiver, its scheduled time, or a request with its sequence number. */
export type MessageState = "active" | "scheduled" | "deferred";

export interface Lock {
  readonly token: string;
  /** Epoch milliseconds. In a queue with sessions the session's lock counts instead. */
  readonly until: number;
}

/** A message and its state in the queue. */
export interface StoredMessage {
  readonly message: Message;
  state: MessageState;
  /** How many deliveries have failed so far. */
  deliveryCount: number;
  overrides?: Overrides | undefined;
  lock?: Lock | undefined;
}

/** What a receiver gets, and what a peek shows. */
export type Delivery = Readonly<StoredMessage>;

/** Whether the broker locks a message until the receiver settles it, or deletes it on receipt. */
export type ReceiveMode = "peekLock" | "receiveAndDelete";

/** How a receiver settles a message that it has locked. */
export type Settlement =
  | { readonly kind: "complete" }
  | { readonly kind: "abandon"; readonly overrides?: Overrides | undefined }
  | { readonly kind: "release" }
  | { readonly kind: "defer"; readonly overrides?: Overrides | undefined }
  | { readonly kind: "deadLetter"; readonly deadLetter: DeadLetter; readonly overrides?: Overrides | undefined };
