import rhea from "rhea";

/**
 * The parts of rhea that a server needs, with types. rhea's own typings cover the client side;
 * several fields here are internals, named because rhea as a server does not work without them.
 */
export interface Typed {
  readonly type: { readonly typecode: number };
  readonly value: unknown;
}

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}

/** A message that a client has sent. */
export interface Delivery {
  remote_settled: boolean;
  update(settled: boolean, state: unknown): void;
}

/** What a client says of a message that it received, as a composite of typed fields. */
export interface RemoteOutcome {
  readonly constructor: { readonly composite_type: "received" | "accepted" | "rejected" | "released" | "modified" };
  readonly value: readonly (Typed | undefined)[];
}

interface Terminus {
  readonly address?: string | null;
  readonly filter?: Record<string, unknown> | null;
}

interface AnyLink {
  readonly name: string;
  readonly connection: Connection;
  readonly session: Session;
  readonly source: Terminus | null;
  readonly target: Terminus | null;
  readonly properties: Record<string, unknown> | null | undefined;
  readonly snd_settle_mode: number;
  readonly rcv_settle_mode: number;
  readonly state: { open_requests: number };
  readonly local: { readonly attach: Record<string, unknown>; readonly handle: number };
  credit: number;
  delivery_count: number;
  set_source(fields: object): void;
  set_target(fields: object): void;
  close(error?: AmqpError): void;
  on(event: string, listener: (context: Context) => void): void;
}

/** Our end of a link on which a client receives. */
export interface Sender extends AnyLink {
  _draining: boolean;
  _drained: boolean;
  _get_drain: () => boolean;
  has_credit(): boolean;
  send(payload: Buffer, tag: Buffer | undefined, format: number): void;
  set_drained(drained: boolean): void;
}

/** Our end of a link on which a client sends. */
export interface Receiver extends AnyLink {
  add_credit(credit: number): void;
}

export interface Frame {
  readonly performative: { message_format: number | null | undefined; readonly more?: boolean };
}

export interface Session {
  readonly connection: Connection;
  readonly local: { readonly channel: number };
  readonly remote: { readonly begin: { readonly incoming_window: number } };
  outgoing: object;
  on_transfer: (frame: Frame) => void;
}

export interface Connection {
  readonly socket: import("node:net").Socket;
  readonly options: { readonly id: string };
  /** Of the frames that the client takes; it need not say. */
  readonly max_frame_size: number | null | undefined;
  close(error?: AmqpError): void;
  remove_all_sessions(): void;
  _disconnected(): void;
  /** Writes everything that is pending. */
  _process(): void;
  _register(): void;
}

export interface Context {
  readonly connection: Connection;
  readonly session: Session;
  readonly sender: Sender;
  readonly receiver: Receiver;
  readonly delivery: Delivery;
  readonly message: Buffer;
  readonly format: number;
  readonly error?: Error;
}

interface DecodedMessage {
  readonly body: unknown;
  readonly message_id?: unknown;
  readonly reply_to?: string;
  readonly application_properties?: Record<string, unknown>;
  readonly [property: string]: unknown;
}

interface Types {
  wrap(value: unknown): Typed;
  wrap_int(value: number): Typed;
  wrap_long(value: number | Buffer): Typed;
  wrap_string(value: string): Typed;
  wrap_uuid(value: Buffer): Typed;
  wrap_timestamp(value: number): Typed;
  wrap_symbolic_map(value: object): Typed;
  wrap_array(items: readonly unknown[], typecode: number): Typed;
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
}

interface OutcomeFields {
  described(): Typed;
}

export interface Container {
  on(event: string, listener: (context: Context) => void): void;
  listen(options: object): import("node:net").Server;
}

interface Rhea {
  /** The module itself is one container for the whole process: a server needs its own. */
  create_container: (options: object) => Container;
  readonly types: Types;
  readonly message: {
    encode(message: object): Buffer;
    decode(bytes: Buffer): DecodedMessage;
    accepted(): OutcomeFields;
    rejected(fields: { error: AmqpError }): OutcomeFields;
    unwrap_outcome(state: unknown): RemoteOutcome;
  };
}

const { create_container: createContainer, types, message } = rhea as unknown as Rhea;

export { createContainer, message, types };
