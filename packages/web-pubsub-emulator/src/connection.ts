import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import type { Limits } from "./limits.ts";
import type { Message } from "./message.ts";
import type { Permissions } from "./permissions.ts";
import { Unacknowledged } from "./unacknowledged.ts";

export type Subprotocol = "json.webpubsub.azure.v1" | "json.reliable.webpubsub.azure.v1";

/** Close codes as clients read them. */
export const CLOSE = {
  normal: 1000,
  /** A frame that the subprotocol does not know. */
  invalidFrame: 1007,
  /** The connection id is gone: a reliable client stops its recovery and connects anew. */
  gone: 1008,
} as const;

interface ConnectionFacts {
  readonly userId: string | undefined;
  readonly permissions: Permissions;
  /** undefined: the client gets bare content. */
  readonly subprotocol: Subprotocol | undefined;
  readonly limits: Limits;
  readonly now: () => number;
  /** Is called once, when the connection has ended for good. */
  readonly onEnd: (connection: Connection) => void;
}

/** How many acknowledged requests of one connection are remembered, to know a repetition. */
const REMEMBERED_ACKS = 10_000;

/**
 * A client's session. It outlives its socket when the client is a reliable one: what is sent meanwhile waits, up to the
 * limits, until the client comes back or the recovery window has passed.
 */
export class Connection {
  readonly id = randomBytes(16).toString("base64url");
  readonly reconnectionToken = randomBytes(32).toString("base64url");
  readonly groups = new Set<string>();
  readonly userId: string | undefined;
  readonly permissions: Permissions;
  readonly subprotocol: Subprotocol | undefined;
  readonly #facts: ConnectionFacts;
  readonly #unacknowledged = new Unacknowledged();
  readonly #acknowledged = new Set<number>();
  #socket: WebSocket | undefined;
  #lostAt: number | undefined;
  #ended = false;

  constructor(facts: ConnectionFacts) {
    this.#facts = facts;
    this.userId = facts.userId;
    this.permissions = facts.permissions;
    this.subprotocol = facts.subprotocol;
  }

  get isReliable(): boolean {
    return this.subprotocol === "json.reliable.webpubsub.azure.v1";
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  /** Epoch milliseconds when a lost connection is given up; undefined while it is not lost. */
  get givenUpAt(): number | undefined {
    return this.#lostAt === undefined ? undefined : this.#lostAt + this.#facts.limits.recoveryWindowMs;
  }

  /** Speaks through this socket from now on, greets, and sends again what was not acknowledged. */
  attach(socket: WebSocket): void {
    // Half-open: the client is back before this side has seen that the old socket is dead.
    this.#socket?.terminate();
    this.#socket = socket;
    this.#lostAt = undefined;
    if (!this.subprotocol) return;
    this.#write(
      JSON.stringify({
        type: "system",
        event: "connected",
        ...(this.userId !== undefined && { userId: this.userId }),
        connectionId: this.id,
        ...(this.isReliable && { reconnectionToken: this.reconnectionToken }),
      }),
    );
    for (const { sequenceId, message } of this.#unacknowledged.pending(this.#facts.now())) {
      this.#write(message.frame(sequenceId));
    }
  }

  /** The socket is gone without a goodbye. A socket that was replaced meanwhile means nothing. */
  lose(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (!this.isReliable) this.end(CLOSE.gone, "the connection was lost");
    else this.#lostAt = this.#facts.now();
  }

  /** Whether this socket is the one in use. */
  uses(socket: WebSocket): boolean {
    return socket === this.#socket;
  }

  deliver(message: Message): void {
    if (!this.isReliable) {
      this.#write(this.subprotocol ? message.frame() : message.plain);
      return;
    }
    this.#write(message.frame(this.#unacknowledged.add(message)));
    const { unacknowledgedMessages, unacknowledgedBytes } = this.#facts.limits;
    if (this.#unacknowledged.count > unacknowledgedMessages || this.#unacknowledged.bytes > unacknowledgedBytes) {
      this.end(CLOSE.gone, `too much is unacknowledged: ${this.#unacknowledged.count} messages`);
    }
  }

  /** Sends what is no message: acks and pongs. They are not kept. */
  answer(frame: object): void {
    this.#write(JSON.stringify(frame));
  }

  acknowledge(sequenceId: number): void {
    this.#unacknowledged.acknowledge(sequenceId);
  }

  hasDone(ackId: number): boolean {
    return this.#acknowledged.has(ackId);
  }

  remember(ackId: number): void {
    this.#acknowledged.add(ackId);
    for (const oldest of this.#acknowledged) {
      if (this.#acknowledged.size <= REMEMBERED_ACKS) break;
      this.#acknowledged.delete(oldest);
    }
  }

  /** Ends the session for good. @param reason is told to the client */
  end(code: number, reason: string): void {
    if (this.#ended) return;
    this.#ended = true;
    const socket = this.#socket;
    if (this.subprotocol) this.answer({ type: "system", event: "disconnected", message: reason });
    this.#socket = undefined;
    this.#lostAt = undefined;
    // A close frame has room for 123 bytes.
    socket?.close(
      code,
      Buffer.from(reason)
        .subarray(0, 120)
        .toString()
        .replace(/\uFFFD$/, ""),
    );
    this.#facts.onEnd(this);
  }

  /** Cuts the socket as a broken network would. */
  drop(): void {
    this.#socket?.terminate();
  }

  #write(data: string | Buffer): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.send(data);
    // A client that reads nothing must not fill this process: it is cut off, and recovers if it can.
    if (socket.bufferedAmount > this.#facts.limits.unsentBytes) socket.terminate();
  }
}
