/** No connection to PostgreSQL can be made, or one was closed because the server is silent. */
export class DatabaseUnreachable extends Error {
  override name = "DatabaseUnreachable";
  /** A code of the driver for a lost connection: transactions end, and runs are retried. */
  readonly code: "CONNECTION_CLOSED" | "CONNECT_TIMEOUT";

  constructor(message: string, code: DatabaseUnreachable["code"] = "CONNECTION_CLOSED") {
    super(message);
    this.code = code;
  }
}
