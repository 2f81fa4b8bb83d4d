/** The properties of a message that a filter may ask for. */
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

/** Lets a message through when everything that is named is equal; an empty filter lets all through. */
export type CorrelationFilter = MessageProperties;

export function matches(filter: CorrelationFilter, message: MessageProperties): boolean {
  const { applicationProperties = {}, ...named } = filter;
  return isPartOf(named, message) && isPartOf(applicationProperties, message.applicationProperties ?? {});
}

function isPartOf(wanted: object, given: object): boolean {
  const found = new Map(Object.entries(given));
  return Object.entries(wanted).every(([key, value]) => value === undefined || found.get(key) === value);
}
