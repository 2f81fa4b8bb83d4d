/** What one client may cost. Azure's own numbers where it names them. */
export interface Limits {
  /** The largest message that is taken. Azure: 1 MB. */
  readonly messageBytes: number;
  /** How long a reliable connection that was lost can be recovered. Its client tries for 30 s. */
  readonly recoveryWindowMs: number;
  /** A reliable connection with more unacknowledged messages than this ends. */
  readonly unacknowledgedMessages: number;
  readonly unacknowledgedBytes: number;
  /** A connection whose client leaves more than this unread is cut. */
  readonly unsentBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  messageBytes: 1_048_576,
  recoveryWindowMs: 30_000,
  unacknowledgedMessages: 10_000,
  unacknowledgedBytes: 16_777_216,
  unsentBytes: 67_108_864,
};
