import type { Socket } from "node:net";
import { DatabaseUnreachable } from "./database-unreachable.ts";
import { PendingAnswers } from "./pending-answers.ts";

/** One connection of the driver, with what the server owes on it. */
export class WatchedSocket {
  readonly socket: Socket;
  readonly answers = new PendingAnswers();
  #received = 0;
  #seen = { received: 0, flushed: 0, ready: 0 };
  #silentTicks = 0;
  #statementTicks = 0;
  #endingTicks = 0;

  /** @param onReady called when the server has accepted the connection */
  constructor(socket: Socket, { onReady }: { onReady: () => void }) {
    this.socket = socket;
    const write = socket.write.bind(socket) as (chunk: Uint8Array, ...rest: unknown[]) => boolean;
    socket.write = (chunk: Uint8Array, ...rest: unknown[]) => {
      this.answers.sent(chunk);
      return write(chunk, ...rest);
    };
    socket.on("data", (chunk: Buffer) => {
      this.#received += 1;
      const isFirst = this.answers.ready === 0;
      this.answers.received(chunk);
      if (isFirst && this.answers.ready > 0) onReady();
    });
    socket.on("end", () => {
      // With an error the driver gives up the connection; a plain close in the middle of COPY throws inside it, and at
      // the start it connects again at once, without an end.
      if (!socket.writableEnded && !this.answers.isCancelRequest) socket.destroy(this.#closedByServer());
    });
  }

  get isReady(): boolean {
    return this.answers.ready > 0;
  }

  /** This side owes rows of a COPY and has none yet: their source is slow. */
  get awaitsRows(): boolean {
    return this.answers.isCopyingIn && this.socket.writableLength === 0;
  }

  /** Seconds without an answer that the server owes. */
  get silentTicks(): number {
    return this.#silentTicks;
  }

  /** Seconds since the server was last ready, while it owes an answer. */
  get statementTicks(): number {
    return this.#statementTicks;
  }

  /** Seconds since this side has ended the connection. */
  get endingTicks(): number {
    return this.#endingTicks;
  }

  /** How much has been received: two equal numbers mean that nothing has come in between. */
  get received(): number {
    return this.#received;
  }

  /**
   * Notes what has moved in the last second. Ticks and not time: an event loop that was blocked for a minute has not
   * waited for the server in that minute. @returns whether something was received
   */
  tick(): boolean {
    const { socket, answers } = this;
    const now = {
      received: this.#received,
      flushed: socket.bytesWritten - socket.writableLength,
      ready: answers.ready,
    };
    const heard = now.received !== this.#seen.received;
    // New statements on a connection that is dead are no sign of life; the progress of a long one is.
    const isSending = answers.isCopyingIn || socket.writableLength > 0;
    const moved = heard || (isSending && now.flushed !== this.#seen.flushed);
    // A reader that is too slow pauses the socket: the server is not silent then.
    this.#silentTicks = !answers.isOwed || moved || socket.isPaused() ? 0 : this.#silentTicks + 1;
    this.#statementTicks = !answers.isOwed || now.ready !== this.#seen.ready ? 0 : this.#statementTicks + 1;
    this.#endingTicks = socket.writableEnded ? this.#endingTicks + 1 : 0;
    this.#seen = now;
    return heard;
  }

  /** The server was seen to work on the statement: its silence starts again. */
  excuse(): void {
    this.#silentTicks = 0;
  }

  close(error: Error): void {
    this.socket.destroy(error);
  }

  #closedByServer(): Error {
    const { lastError } = this.answers;
    return new DatabaseUnreachable(
      lastError?.message
        ? `the server closed the connection: ${lastError.message} (${lastError.code})`
        : "the server closed the connection",
    );
  }
}
