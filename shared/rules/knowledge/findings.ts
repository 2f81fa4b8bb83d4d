/** A subject that a message is about. */
export interface TopicFinding {
  readonly name: string;
  /** Empty when the message has none. */
  readonly description: string;
  /** From 0 to 1. */
  readonly confidence: number;
}

/** A single fact of a message. */
export interface AtomFinding {
  readonly title: string;
  readonly content: string;
  /** The name of its topic. */
  readonly topic: string | null;
  /** From 0 to 1. */
  readonly confidence: number;
}

/** What was found in one message. */
export interface Findings {
  readonly topics: readonly TopicFinding[];
  readonly atoms: readonly AtomFinding[];
}
