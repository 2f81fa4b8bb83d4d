import type { Broker } from "../broker.ts";
import type { Log } from "../log.ts";
import type { OnClose } from "./attach.ts";
import { attachReceiver } from "./attach.ts";
import { Dispositions } from "./dispositions.ts";
import { asBrokerError, unknownEntity } from "./errors.ts";
import { serveIncoming } from "./incoming.ts";
import { serveManagement, serveTokens } from "./requests.ts";
import type { Connection, Frame, Receiver, Sender, Session } from "./rhea.ts";

const CBS = "$cbs";
const MANAGEMENT = "/$management";
/** rhea decodes messages of the format 0 and leaves all others as bytes. */
const RAW_FORMAT = 1;

/** The connection of one client, with its links. */
export class ClientConnection {
  readonly #broker: Broker;
  readonly #connection: Connection;
  readonly #dispositions: Dispositions;
  readonly #log: Log;
  /** Links on which the client receives replies, by the name in its requests. */
  readonly #replyLinks = new Map<string, Sender>();
  readonly #onClose = new Map<Sender | Receiver, OnClose>();

  constructor(broker: Broker, connection: Connection, log: Log) {
    this.#broker = broker;
    this.#connection = connection;
    this.#dispositions = new Dispositions(connection);
    this.#log = log;
    joinWrites(connection);
  }

  openSession(session: Session): void {
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
    if (address === CBS || address.endsWith(MANAGEMENT)) this.#openReplyLink(link);
    else
      this.#attempt(link, () => {
        this.#onClose.set(link, attachReceiver(this.#broker, address, link, this.#dispositions));
      });
  }

  /** The client sends. */
  openReceiver(link: Receiver): void {
    const address = link.target?.address ?? "";
    link.set_source({ address: link.source?.address });
    link.set_target({ address });
    const parts = {
      link,
      dispositions: this.#dispositions,
      findReplyLink: (name: string) => this.#replyLinks.get(name),
    };
    this.#attempt(link, () => {
      if (address === CBS) {
        serveTokens(this.#broker, parts);
        return;
      }
      if (address.endsWith(MANAGEMENT)) {
        serveManagement(this.#broker, address.slice(0, -MANAGEMENT.length), parts);
        return;
      }
      const target = this.#broker.target(address);
      if (!target) throw unknownEntity(address, this.#broker.paths());
      serveIncoming(this.#broker, target, link, this.#dispositions);
    });
  }

  closeLink(link: Sender | Receiver): void {
    this.#onClose.get(link)?.();
    this.#onClose.delete(link);
  }

  closeSession(session: Session): void {
    for (const link of [...this.#onClose.keys()]) if (link.session === session) this.closeLink(link);
  }

  close(): void {
    for (const link of [...this.#onClose.keys()]) this.closeLink(link);
    this.#replyLinks.clear();
    this.#connection.remove_all_sessions();
  }

  #openReplyLink(link: Sender): void {
    this.#replyLinks.set(link.name, link);
    this.#onClose.set(link, () => {
      // A client that reconnects may have opened another link of this name already.
      if (this.#replyLinks.get(link.name) === link) this.#replyLinks.delete(link.name);
    });
  }

  #attempt(link: Sender | Receiver, open: () => unknown): void {
    try {
      open();
    } catch (error) {
      const { condition, description } = asBrokerError(error);
      this.#log("link_refused", { link: link.name, condition, description });
      link.close({ condition, description });
    }
  }
}

/** rhea writes every frame by itself. Corked, the frames of one turn are one write: half of the processor time. */
function joinWrites(connection: Connection): void {
  const writeFrames = connection._process.bind(connection);
  connection._process = () => {
    connection.socket.cork();
    writeFrames();
    connection.socket.uncork();
  };
}
