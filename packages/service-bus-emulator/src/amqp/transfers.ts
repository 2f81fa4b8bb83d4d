import { encodeDisposition, encodeTransfer } from "./frames.ts";
import { dotnetBytes } from "./guid.ts";
import { message } from "./rhea.ts";
import type { RemoteOutcome, Sender, Session, Typed } from "./rhea.ts";

/** A message on its way to a client, or with it. */
export interface Transfer {
  readonly id: number;
  readonly link: Sender;
  readonly payload: Buffer;
  readonly tag: Buffer;
  /** Whether nothing more will be said about it. rhea sets it on links whose messages are settled as they are sent. */
  settled: boolean;
  readonly recipient?: Recipient | undefined;
  /** Of the lock that the client has on the message. */
  readonly lockToken?: string | undefined;
}

/** Whoever wants to know what becomes of what was sent. */
export interface Recipient {
  /** Neighbouring messages have this outcome. Where the client has settled them itself, it waits for no answer. */
  onOutcome(transfers: readonly Transfer[], outcome: RemoteOutcome, isSettled: boolean): void;
}

interface Answer {
  readonly transfer: Transfer;
  readonly outcome: Typed;
}

interface Flow {
  readonly next_incoming_id?: number;
  readonly incoming_window?: number;
}

interface DispositionFields {
  readonly first: number;
  readonly last?: number;
  readonly settled?: boolean;
  readonly state?: unknown;
}

/** Most messages of a session that may be with the client unsettled. */
const CAPACITY = 65_536;
const MAX_UINT = 2 ** 32 - 1;
/** What a transfer has around its payload, at most, without the tag. */
const FRAME_BYTES = 50;

/**
 * The messages that one session sends. It stands in rhea's place (`session.outgoing`), which spends more on a message than everything else
 * here together, and tells what the client says of a hundred of them a hundred times; names with underscores are rhea's.
 */
export class Transfers {
  next_transfer_id = 0;
  readonly window = MAX_UINT;
  /** rhea asks how many more messages it could take. */
  readonly deliveries = { available: () => this.available() };
  readonly #session: Session;
  readonly #unsettled = new Map<number, Transfer>();
  #waiting: Transfer[] = [];
  #answers: Answer[] = [];
  #nextId = 0;
  #remoteNextTransferId = 0;
  #remoteWindow: number;

  constructor(session: Session) {
    this.#session = session;
    this.#remoteWindow = session.remote.begin.incoming_window;
  }

  available(): number {
    return CAPACITY - this.#unsettled.size - this.#waiting.length;
  }

  /** Sends a message that is locked as soon as link and session let it. */
  deliver(link: Sender, payload: Buffer, lockToken: string, recipient: Recipient): void {
    const tag = dotnetBytes(lockToken);
    this.#waiting.push({ id: this.#nextId++, link, payload, tag, settled: false, recipient, lockToken });
    this.#session.connection._register();
  }

  /** Behind the `send` of a link. */
  send(link: Sender, tag: Buffer, payload: Buffer): Transfer {
    const transfer = { id: this.#nextId++, link, payload, tag, settled: false };
    this.#waiting.push(transfer);
    return transfer;
  }

  /** Tells the client what has become of a message. */
  answer(transfer: Transfer, outcome: Typed): void {
    this.#answers.push({ transfer, outcome });
    this.#session.connection._register();
  }

  /** Nothing more will be said of this link's messages. */
  forget(link: Sender): void {
    this.#waiting = this.#waiting.filter((transfer) => transfer.link !== link);
    for (const [id, transfer] of this.#unsettled) if (transfer.link === link) this.#unsettled.delete(id);
  }

  on_flow(flow: Flow): void {
    this.#remoteNextTransferId = flow.next_incoming_id ?? 0;
    this.#remoteWindow = flow.incoming_window ?? 0;
  }

  on_disposition({ first, last, settled, state }: DispositionFields): void {
    const outcome = state ? message.unwrap_outcome(state) : undefined;
    // `received` is no end: the client says more later.
    if (outcome?.constructor.composite_type === "received") return;
    const transfers: Transfer[] = [];
    for (let id = first; id <= (last ?? first); id++) {
      const transfer = this.#unsettled.get(id);
      if (!transfer) continue;
      transfers.push(transfer);
      this.#unsettled.delete(id);
    }
    if (!outcome) return;
    for (const [recipient, its] of Map.groupBy(transfers, (transfer) => transfer.recipient)) {
      recipient?.onOutcome(its, outcome, settled === true);
    }
  }

  /** rhea calls it once for everything that a turn of the event loop brought. */
  process(): void {
    let sent = 0;
    while (sent < this.#waiting.length && this.#sendWhole(this.#waiting[sent]!)) sent++;
    this.#waiting.splice(0, sent);
    // A client may grant credit together with its attach, and rhea answers that after this.
    if (this.#waiting[0]?.link.state.open_requests) this.#session.connection._register();
    this.#writeAnswers();
  }

  #sendWhole(transfer: Transfer): boolean {
    const { link, payload, tag } = transfer;
    const { channel } = this.#session.local;
    const most = Math.max((link.connection.max_frame_size || MAX_UINT) - FRAME_BYTES - tag.length, 1);
    const frames = Math.max(Math.ceil(payload.length / most), 1);
    if (
      link.state.open_requests > 0 ||
      !link.has_credit() ||
      frames > this.#remoteNextTransferId + this.#remoteWindow - this.next_transfer_id
    )
      return false;
    for (let at = 0; at < Math.max(payload.length, 1); at += most) {
      const hasMore = at + most < payload.length;
      const { id, settled: isSettled } = transfer;
      const fields = { channel, handle: link.local.handle, id, tag, isSettled, hasMore };
      this.#write(encodeTransfer(fields, hasMore ? payload.subarray(at, at + most) : payload.subarray(at)));
    }
    this.next_transfer_id += frames;
    link.credit--;
    link.delivery_count++;
    if (!transfer.settled) this.#unsettled.set(transfer.id, transfer);
    return true;
  }

  /** Neighbours with one outcome are answered together. */
  #writeAnswers(): void {
    const answers = this.#answers;
    this.#answers = [];
    for (let at = 0; at < answers.length;) {
      const { transfer, outcome } = answers[at]!;
      let last = transfer.id;
      at++;
      while (at < answers.length && answers[at]!.outcome === outcome && answers[at]!.transfer.id === last + 1) {
        last++;
        at++;
      }
      this.#write(encodeDisposition(this.#session.local.channel, transfer.id, last, outcome));
    }
  }

  #write(frame: Buffer): void {
    this.#session.connection.socket.write(frame);
  }
}
