import { randomBytes } from "node:crypto";
import type { WebSocket } from "ws";
import type { Limits } from "./limits.ts";
import type { Message } from "./message.ts";
import type { Permissions } from "./permissions.ts";
import { UnacknowledgedMessages } from "./unacknowledged-messages.ts";

export type Subprotocol = "json.webpubsub.azure.v1" | "json.reliable.webpubsub.azure.v1";

/** WebSocket close codes. */
export const CLOSE = {
  normal: 1000,
  /** The frame is not valid in the subprotocol. */
  invalidFrame: 1007,
  /** The connection no longer exists: a reliable client stops its recovery and opens a new connection. */
  gone: 1008,
} as const;

interface ConnectionOptions {
  readonly userId: string | undefined;
  readonly permissions: Permissions;
  /** undefined: the client receives content without a frame around it. */
  readonly subprotocol: Subprotocol | undefined;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
  /** Called once, when the connection ends. */
  readonly onEnd: (connection: Connection) => void;
}

/** How many `ackId`s a connection keeps to detect duplicates. */
const KEPT_ACK_IDS = 10_000;

/**
 * A client's session. The session of a reliable client outlives its socket: it keeps messages, up to the limits, until
 * the client recovers it or the recovery window ends.
 */
export class Connection {
  readonly id = randomBytes(16).toString("base64url");
  readonly reconnectionToken = randomBytes(32).toString("base64url");
  readonly groups = new Set<string>();
  readonly userId: string | undefined;
  readonly permissions: Permissions;
  readonly subprotocol: Subprotocol | undefined;
  readonly #options: ConnectionOptions;
  readonly #unacknowledged = new UnacknowledgedMessages();
  readonly #processedAckIds = new Set<number>();
  #socket: WebSocket | undefined;
  #detachedAt: number | undefined;
  #hasEnded = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.userId = options.userId;
    this.permissions = options.permissions;
    this.subprotocol = options.subprotocol;
  }

  get isReliable(): boolean {
    return this.subprotocol === "json.reliable.webpubsub.azure.v1";
  }

  get isOpen(): boolean {
    return this.#socket !== undefined;
  }

  /** Epoch milliseconds at which the recovery window ends; undefined while the connection has a socket. */
  get recoverableUntil(): number | undefined {
    return this.#detachedAt === undefined ? undefined : this.#detachedAt + this.#options.limits.recoveryWindowMs;
  }

  /** Uses this socket from now on, sends the `connected` event, and sends unacknowledged messages again. */
  attach(socket: WebSocket): void {
    // A client can recover before the emulator notices that the old socket is dead.
    this.#socket?.terminate();
    this.#socket = socket;
    this.#detachedAt = undefined;
    if (!this.subprotocol) return;
    this.reply({
      type: "system",
      event: "connected",
      userId: this.userId,
      connectionId: this.id,
      reconnectionToken: this.isReliable ? this.reconnectionToken : undefined,
    });
    for (const { sequenceId, message } of this.#unacknowledged.pending(this.#options.now())) {
      this.#write(message.frame(sequenceId));
    }
  }

  /** The network of this socket broke. Does nothing for a socket that a recovery has replaced. */
  detach(socket: WebSocket): void {
    if (socket !== this.#socket) return;
    this.#socket = undefined;
    if (this.isReliable) this.#detachedAt = this.#options.now();
    else this.end(CLOSE.gone, "the connection was lost");
  }

  /** Whether this socket is the current one. */
  uses(socket: WebSocket): boolean {
    return socket === this.#socket;
  }

  deliver(message: Message): void {
    if (!this.isReliable) {
      this.#write(this.subprotocol ? message.frame() : message.plain);
      return;
    }
    this.#write(message.frame(this.#unacknowledged.add(message)));
    const { unacknowledgedMessages, unacknowledgedBytes } = this.#options.limits;
    if (this.#unacknowledged.count > unacknowledgedMessages || this.#unacknowledged.bytes > unacknowledgedBytes) {
      this.end(CLOSE.gone, `too many unacknowledged messages: ${this.#unacknowledged.count}`);
    }
  }

  /** Sends a frame that is not a message, such as an ack. A recovery does not send it again. */
  reply(frame: object): void {
    this.#write(JSON.stringify(frame));
  }

  /** Forgets the messages up to this sequence id. */
  acknowledge(sequenceId: number): void {
    this.#unacknowledged.acknowledge(sequenceId);
  }

  hasProcessed(ackId: number): boolean {
    return this.#processedAckIds.has(ackId);
  }

  markProcessed(ackId: number): void {
    this.#processedAckIds.add(ackId);
    const [oldest] = this.#processedAckIds;
    if (this.#processedAckIds.size > KEPT_ACK_IDS && oldest !== undefined) this.#processedAckIds.delete(oldest);
  }

  /** Ends the session. @param reason is sent to the client */
  end(code: number, reason: string): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    const socket = this.#socket;
    if (this.subprotocol) this.reply({ type: "system", event: "disconnected", message: reason });
    this.#socket = undefined;
    this.#detachedAt = undefined;
    socket?.close(code, truncateReason(reason));
    this.#options.onEnd(this);
  }

  /** Terminates the socket without a close frame, as a broken network does. */
  drop(): void {
    this.#socket?.terminate();
  }

  #write(data: string | Buffer): void {
    const socket = this.#socket;
    if (!socket) return;
    socket.send(data);
    // A client that does not read must not fill the emulator's memory.
    if (socket.bufferedAmount > this.#options.limits.unsentBytes) socket.terminate();
  }
}

/** A close frame has room for 123 bytes. */
function truncateReason(reason: string): string {
  return Buffer.from(reason)
    .subarray(0, 120)
    .toString()
    .replace(/\uFFFD$/, "");
}
