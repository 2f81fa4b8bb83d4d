import type { Socket } from "node:net";
import type { Broker } from "../broker.ts";
import type { Log } from "../log.ts";
import { Answers } from "./answers.ts";
import { attachReceiver } from "./attach.ts";
import type { Leave } from "./attach.ts";
import { asRefusal, unknownEntity } from "./errors.ts";
import { serveIncoming } from "./incoming.ts";
import { serveManagement, serveTokens } from "./requests.ts";
import type { Connection, Frame, Receiver, Sender, Session } from "./rhea.ts";
import { Transfers } from "./transfers.ts";

const TOKENS = "$cbs";
const MANAGEMENT = "/$management";
/** Any format but 0 makes rhea hand a message over as bytes. */
const RAW_FORMAT = 1;

/** One client: its links, and what has to be undone when they go. */
export class ClientConnection {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #answers: Answers;
  readonly #log: Log;
  /** Links on which the client waits for replies, by the name that its requests give. */
  readonly #replyLinks = new Map<string, Sender>();
  readonly #leaves = new Map<Sender | Receiver, Leave>();

  constructor(broker: Broker, connection: Connection, log: Log) {
    this.#broker = broker;
    this.#connection = connection;
    this.#answers = new Answers(connection);
    this.#log = log;
    joinWrites(connection.socket);
  }

  openSession(session: Session): void {
    session.outgoing = new Transfers(session);
    const onTransfer = session.on_transfer.bind(session);
    session.on_transfer = (frame: Frame) => {
      if (frame.performative.message_format === 0) frame.performative.message_format = RAW_FORMAT;
      onTransfer(frame);
    };
  }

  /** The client receives. */
  openSender(link: Sender): void {
    const address = link.source?.address ?? "";
    link.set_source({ address });
    link.set_target({ address: link.target?.address });
    if (address === TOKENS || address.endsWith(MANAGEMENT)) this.#openReplies(link);
    else this.#attempt(link, () => this.#leaves.set(link, attachReceiver(this.#broker, address, link)));
  }

  /** The client sends. */
  openReceiver(link: Receiver): void {
    const address = link.target?.address ?? "";
    link.set_source({ address: link.source?.address });
    link.set_target({ address });
    const parts = { link, answers: this.#answers, findReplyLink: (name: string) => this.#replyLinks.get(name) };
    this.#attempt(link, () => {
      if (address === TOKENS) {
        serveTokens(this.#broker, parts);
        return;
      }
      if (address.endsWith(MANAGEMENT)) {
        serveManagement(this.#broker, address.slice(0, -MANAGEMENT.length), parts);
        return;
      }
      const target = this.#broker.target(address);
      if (!target) throw unknownEntity(address, this.#broker.paths());
      serveIncoming(this.#broker, target, link, this.#answers);
    });
  }

  closeLink(link: Sender | Receiver): void {
    this.#leaves.get(link)?.();
    this.#leaves.delete(link);
  }

  closeSession(session: Session): void {
    for (const link of [...this.#leaves.keys()]) if (link.session === session) this.closeLink(link);
  }

  leave(): void {
    for (const link of [...this.#leaves.keys()]) this.closeLink(link);
    this.#replyLinks.clear();
    this.#connection.remove_all_sessions();
  }

  #openReplies(link: Sender): void {
    this.#replyLinks.set(link.name, link);
    this.#leaves.set(link, () => this.#replyLinks.delete(link.name));
  }

  #attempt(link: Sender | Receiver, open: () => unknown): void {
    try {
      open();
    } catch (error) {
      const { condition, description } = asRefusal(error);
      this.#log("refused", { link: link.name, condition, description });
      link.close({ condition, description });
    }
  }
}

/** rhea writes every frame for itself: what one turn of the event loop brings becomes one write. */
function joinWrites(socket: Socket): void {
  const write = socket.write.bind(socket);
  const end = socket.end.bind(socket);
  let waiting: Buffer[] = [];
  const flush = () => {
    if (waiting.length > 0 && socket.writable) write(Buffer.concat(waiting));
    waiting = [];
  };
  socket.write = (chunk: Buffer) => {
    if (waiting.push(chunk) === 1) setImmediate(flush);
    return true;
  };
  socket.end = () => {
    flush();
    return end();
  };
}
