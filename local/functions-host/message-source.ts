/** A received message that the trigger must settle. */
export interface QueueMessage {
  /** As it was sent, before any parsing. */
  body: Uint8Array;
  /**
   * The properties by their names in the trigger metadata of Functions. Every message of a source has the same names.
   */
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
  /** Removes the message from the queue. */
  complete(): Promise<void>;
  /** Releases the message immediately; the delivery counts. */
  abandon(): Promise<void>;
}

/** A source of queue messages with limited concurrency. */
export interface MessageSource {
  /**
   * Passes each message to `receive`, with at most `concurrency` pending calls. `receive` never rejects. It resolves to
   * request another message, possibly before this one is settled.
   */
  start(handlers: { receive: (message: QueueMessage) => Promise<void>; onError: (error: unknown) => void }): void;
  /** Receives no more messages. Received messages can still be settled. */
  pause(): Promise<void>;
  close(): Promise<void>;
}

export interface SourceOptions {
  queueName: string;
  connectionString: string;
  /** The maximum number of messages in process. */
  concurrency: number;
  /** How long the lock of a message in process is renewed, in milliseconds; 0 for never. */
  lockRenewalMs: number;
}

export type OpenMessageSource = (options: SourceOptions) => MessageSource;
