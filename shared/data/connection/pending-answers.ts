/** Type bytes of PostgreSQL's protocol 3: first those of the client, then those of the server. */
const [QUERY, SYNC, FLUSH, COPY_DONE, COPY_FAIL] = [0x51, 0x53, 0x48, 0x63, 0x66];
const [READY, KEY_DATA, ERROR, COPY_IN] = [0x5a, 0x4b, 0x45, 0x47];
const CANCEL_REQUEST = 80_877_102;
const EMPTY = Buffer.alloc(0);

/**
 * Follows the messages of one connection, in both directions, to know whether the server owes an answer. It reads the
 * headers only, except for the server's process id and its last error.
 */
export class PendingAnswers {
  /** The startup message is owed its answer as well. */
  #owed = 1;
  #isStarted = false;
  #isFlushed = false;
  /** Bytes of the current message that are still to come. */
  #skip = 0;
  #head: Buffer = EMPTY;
  /** The process id of the server for this connection. */
  backend: number | undefined;
  /** The server's last error: its SQLSTATE and message. */
  lastError: { readonly code: string; readonly message: string } | undefined;
  /** How often the server was ready for the next query. */
  ready = 0;
  /** A request to cancel gets no answer; the server closes its connection. */
  isCancelRequest = false;
  /** The server waits for rows of a COPY, which this side has not ended. */
  isCopyingIn = false;

  get isOwed(): boolean {
    return this.#owed > 0;
  }

  /** @param chunk whole messages, as the driver writes them */
  sent(chunk: Uint8Array): void {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let at = 0;
    if (!this.#isStarted) {
      this.#isStarted = true;
      this.isCancelRequest = bytes.length >= 8 && bytes.readUInt32BE(4) === CANCEL_REQUEST;
      at = bytes.readUInt32BE(0);
    }
    for (; at + 5 <= bytes.length; at += bytes.readUInt32BE(at + 1) + 1) this.#count(bytes[at]!);
  }

  received(chunk: Buffer): void {
    const bytes = this.#head.length > 0 ? Buffer.concat([this.#head, chunk]) : chunk;
    let at = this.#skip;
    while (at + 5 <= bytes.length) {
      const length = bytes.readUInt32BE(at + 1) + 1;
      this.#read(bytes, at, length);
      at += length;
    }
    this.#head = at < bytes.length ? bytes.subarray(at) : EMPTY;
    this.#skip = Math.max(0, at - bytes.length);
  }

  /** A Flush asks for answers before its Sync, which then owes no second one. */
  #count(type: number): void {
    if (type === COPY_DONE || type === COPY_FAIL) this.isCopyingIn = false;
    else if (type === SYNC && this.#isFlushed) this.#isFlushed = false;
    else if (type === QUERY || type === SYNC) this.#owed += 1;
    else if (type === FLUSH && !this.#isFlushed) {
      this.#isFlushed = true;
      this.#owed += 1;
    }
  }

  #read(bytes: Buffer, at: number, length: number): void {
    const type = bytes[at];
    if (type === READY) {
      this.#owed = Math.max(0, this.#owed - 1);
      this.ready += 1;
      this.isCopyingIn = false;
    } else if (type === COPY_IN) this.isCopyingIn = true;
    else if (type === KEY_DATA && at + 9 <= bytes.length) this.backend = bytes.readUInt32BE(at + 5);
    else if (type === ERROR) this.lastError = readError(bytes.toString("utf8", at + 5, at + length));
  }
}

/** Fields of an error response: a type byte and a text each. */
function readError(fields: string): { code: string; message: string } {
  const texts = new Map(fields.split("\0").map((field) => [field[0], field.slice(1)]));
  return { code: texts.get("C") ?? "", message: texts.get("M") ?? "" };
}
