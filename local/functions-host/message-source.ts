/** A message that a trigger received and must settle. */
export interface QueueMessage {
  /** As it was sent, before any parsing. */
  body: Uint8Array;
  /** Of the message, by the names of Functions' trigger metadata; every message of a source has the same names. Undefined ones are left out. */
  properties: {
    MessageId?: string | undefined;
    CorrelationId?: string | undefined;
    Subject?: string | undefined;
    ContentType?: string | undefined;
    ReplyTo?: string | undefined;
    To?: string | undefined;
    SessionId?: string | undefined;
    PartitionKey?: string | undefined;
    DeadLetterSource?: string | undefined;
    LockToken?: string | undefined;
    SequenceNumber?: number | undefined;
    /** 1 at the first delivery. */
    DeliveryCount: number;
    EnqueuedTimeUtc?: Date | undefined;
    ExpiresAtUtc?: Date | undefined;
    ApplicationProperties: Record<string, unknown>;
  };
  /** Takes the message from the queue for good. */
  complete(): Promise<void>;
  /** Gives it back at once, one delivery spent. */
  abandon(): Promise<void>;
}

/** A queue that hands over its messages, a limited number at a time. */
export interface MessageSource {
  /**
   * Hands each message to `receive`, with at most as many unresolved calls as the source was opened for. `receive` never
   * rejects; it resolves when it wants another message in this one's place, whose settling may still be going on.
   */
  start(handlers: { receive: (message: QueueMessage) => Promise<void>; onFault: (error: unknown) => void }): void;
  /** Hands over no further messages. Those that were handed over can still be settled. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

export interface SourceOptions {
  queueName: string;
  connectionString: string;
  /** How many messages are handed over at once. */
  concurrency: number;
  /** How long the lock of a message is renewed while it is being worked on; 0 for never. */
  lockRenewalMs: number;
}

export type OpenMessageSource = (options: SourceOptions) => MessageSource;
