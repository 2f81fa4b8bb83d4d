/** Limits of the emulator. The defaults are Azure's where Azure documents them. */
export interface Limits {
  /** Largest message, in bytes. Default 1 MiB, as on Azure. */
  readonly messageBytes: number;
  /** How long a client can recover a reliable connection. Default 30 s, as long as Azure's client retries. */
  readonly recoveryWindowMs: number;
  /** A reliable connection with more unacknowledged messages ends. Default 10,000. */
  readonly unacknowledgedMessages: number;
  /** A reliable connection with more unacknowledged bytes ends. Default 16 MiB. */
  readonly unacknowledgedBytes: number;
  /** The emulator terminates the socket of a client that leaves more bytes unread. Default 64 MiB. */
  readonly unsentBytes: number;
}

export const DEFAULT_LIMITS: Limits = {
  messageBytes: 1_048_576,
  recoveryWindowMs: 30_000,
  unacknowledgedMessages: 10_000,
  unacknowledgedBytes: 16_777_216,
  unsentBytes: 67_108_864,
};
