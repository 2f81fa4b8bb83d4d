/** The properties of a message that a filter can compare. */
export interface MessageProperties {
  readonly messageId?: unknown;
  readonly correlationId?: unknown;
  readonly subject?: unknown;
  readonly to?: unknown;
  readonly replyTo?: unknown;
  readonly replyToSessionId?: unknown;
  readonly sessionId?: unknown;
  readonly contentType?: unknown;
  readonly applicationProperties?: Readonly<Record<string, unknown>>;
}

/** Matches a message with equal values for all properties of the filter; an empty filter matches every message. */
export type CorrelationFilter = MessageProperties;

export function matches(filter: CorrelationFilter, message: MessageProperties): boolean {
  const { applicationProperties = {}, ...named } = filter;
  return isPartOf(named, message) && isPartOf(applicationProperties, message.applicationProperties ?? {});
}

function isPartOf(wanted: object, given: object): boolean {
  const found = new Map(Object.entries(given));
  return Object.entries(wanted).every(([key, value]) => value === undefined || found.get(key) === value);
}
