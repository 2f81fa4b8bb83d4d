/** How a queue behaves. Durations are milliseconds. */
export interface QueueSettings {
  /** How long a received message belongs to its receiver, at most 5 minutes on Azure. Default 60 s. */
  readonly lockDurationMs?: number;
  /** After how many failed deliveries a message goes to the dead-letter queue. Default 10. */
  readonly maxDeliveryCount?: number;
  /** Whether messages are received by session only, in order within each. Default false. */
  readonly requiresSession?: boolean;
  /** The longest time to live of a message. Default: messages live as long as their sender says. */
  readonly defaultTtlMs?: number;
  /** Whether an expired message goes to the dead-letter queue and is not just dropped. Default false. */
  readonly deadLetterOnExpiration?: boolean;
  /** For how long a second message with the same id is accepted and dropped. Default: never. */
  readonly duplicateDetectionMs?: number;
}

export type ResolvedQueueSettings = Required<QueueSettings>;

/** Fills in the defaults. Throws a TypeError that names the setting which is no positive whole number. */
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
