/** How often the log gets the line of a failure that an outage repeats. */
const ONE_LINE_EVERY_MS = 60_000;

interface Line {
  readonly at: number;
  /** Entries since then that the log has not got. */
  omitted: number;
}

/**
 * Keeps an outage from flooding the log: of the entries with one message whose error is an outage, it admits one a
 * minute, with the count of the omitted ones. All other entries pass.
 */
export class OutageLimit {
  readonly #causeOf: (error: unknown) => Error | undefined;
  readonly #elapsed: () => number;
  readonly #lines = new Map<string, Line>();

  /** @param causeOf the error to show when `error` is an outage, and undefined otherwise */
  constructor(causeOf: (error: unknown) => Error | undefined, { elapsed = () => performance.now() } = {}) {
    this.#causeOf = causeOf;
    this.#elapsed = elapsed;
  }

  /** @returns the fields to write; undefined when the entry is omitted */
  admit(message: string, fields: Record<string, unknown>): Record<string, unknown> | undefined {
    const cause = this.#causeOf(fields.error);
    if (!cause) return fields;
    const now = this.#elapsed();
    const last = this.#lines.get(message);
    if (last && now - last.at < ONE_LINE_EVERY_MS) {
      last.omitted += 1;
      return undefined;
    }
    this.#lines.set(message, { at: now, omitted: 0 });
    return { ...fields, error: cause, ...(last?.omitted && { omittedBefore: last.omitted }) };
  }
}
