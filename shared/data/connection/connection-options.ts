/** How long waits for the server may take. */
export interface ConnectionLimits {
  /** Milliseconds that a new connection may take until it is ready. Default: 5 s. */
  readonly connectTimeoutMs?: number | undefined;
  /** Milliseconds without an answer after which the server is asked about the statement. Default: 10 s. */
  readonly silenceTimeoutMs?: number | undefined;
  /** Milliseconds that one statement may take. Default: 6 h. */
  readonly statementLimitMs?: number | undefined;
}

/** Which server the connections of a pool lead to, and how. */
export interface ConnectionOptions extends ConnectionLimits {
  /** `postgres://user:password@host:port/database` */
  readonly url: string;
  /** `disable`, `require` (encrypted, unverified) or `verify` (certificate and host name checked). */
  readonly tls: "disable" | "require" | "verify";
  /** Named prepared statements. Off behind PgBouncer in transaction mode. */
  readonly prepare: boolean;
}
