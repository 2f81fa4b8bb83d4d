/** The settings of a queue. Durations are milliseconds. */
export interface QueueSettings {
  /** How long a lock on a message or session lasts, at most 5 minutes on Azure. Default 60,000. */
  readonly lockDurationMs?: number;
  /** The number of failed deliveries after which a message goes to the dead-letter queue. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Whether receivers get messages by session only, in order within each. Default false. */
  readonly requiresSession?: boolean;
  /** The longest time to live of a message. Default: the sender's. */
  readonly defaultTtlMs?: number;
  /** Whether an expired message goes to the dead-letter queue. Default false: the queue drops it. */
  readonly deadLetterOnExpiration?: boolean;
  /** How long the queue accepts and drops a second message with the same id. Default: no duplicate detection. */
  readonly duplicateDetectionMs?: number;
}

export type ResolvedQueueSettings = Required<QueueSettings>;

/** Fills in the defaults. Throws a TypeError for an unknown setting and for a number that is not positive and whole. */
export function resolveQueueSettings(name: string, given: QueueSettings): ResolvedQueueSettings {
  const settings = {
    lockDurationMs: given.lockDurationMs ?? 60_000,
    maxDeliveryCount: given.maxDeliveryCount ?? 10,
    requiresSession: given.requiresSession ?? false,
    defaultTtlMs: given.defaultTtlMs ?? Infinity,
    deadLetterOnExpiration: given.deadLetterOnExpiration ?? false,
    duplicateDetectionMs: given.duplicateDetectionMs ?? 0,
  };
  for (const key of Object.keys(given)) {
    if (!(key in settings)) {
      throw new TypeError(
        `queues.${name}: unknown setting "${key}"; expected one of ${Object.keys(settings).join(", ")}.`,
      );
    }
  }
  for (const key of ["lockDurationMs", "maxDeliveryCount", "defaultTtlMs", "duplicateDetectionMs"] as const) {
    const value = given[key];
    if (value === undefined || (Number.isSafeInteger(value) && value > 0) || value === Infinity) continue;
    throw new TypeError(`queues.${name}.${key}: expected a positive whole number, got ${JSON.stringify(value)}.`);
  }
  return settings;
}
