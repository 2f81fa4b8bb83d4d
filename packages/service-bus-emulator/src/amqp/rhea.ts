import type { Server, Socket } from "node:net";
import rhea from "rhea";

/**
 * The parts of rhea that a server needs, with types; rhea's own types describe the client. Some fields are internal
 * to rhea: a server does not work without them.
 */
export interface Typed {
  readonly descriptor?: Typed;
  readonly value: unknown;
}

export interface AmqpError {
  readonly condition: string;
  readonly description: string;
}

/** A message that a client has sent or received. */
export interface RheaDelivery {
  settled: boolean;
  remote_settled: boolean;
  /** The outcome that the client gave, as a composite of typed fields. */
  readonly remote_state?: { readonly value: readonly (Typed | undefined)[] };
  update(settled: boolean, outcome: Typed): void;
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
  readonly local: { readonly attach: Record<string, unknown> };
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
  send(payload: Buffer, tag: Buffer | undefined, format: number): RheaDelivery;
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
  readonly outgoing: { available(): number };
  on_transfer: (frame: Frame) => void;
}

export interface Connection {
  readonly socket: Socket;
  readonly options: { readonly id: string };
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
  readonly delivery: RheaDelivery;
  readonly message: Buffer;
  readonly format: number;
  readonly error?: Error;
}

export interface DecodedMessage {
  readonly body: unknown;
  readonly message_id?: string | number | Buffer;
  readonly reply_to?: string;
  readonly message_annotations?: Record<string, unknown>;
  readonly application_properties?: Record<string, unknown>;
  readonly [property: string]: unknown;
}

interface Types {
  wrap(value: unknown): Typed;
  wrap_int(value: number): Typed;
  wrap_long(value: number | Buffer): Typed;
  wrap_string(value: string): Typed;
  wrap_ulong(value: number): Typed;
  wrap_list(items: readonly unknown[]): Typed;
  wrap_map(value: object): Typed;
  wrap_uuid(value: Buffer): Typed;
  wrap_timestamp(value: number): Typed;
  wrap_symbolic_map(value: object): Typed;
  wrap_array(items: readonly unknown[], typecode: number): Typed;
  described(descriptor: Typed, value: Typed): Typed;
  Reader: new (bytes: Buffer) => { readonly position: number; read(): Typed };
  Writer: new () => { write(value: Typed): void; toBuffer(): Buffer };
}

interface Composite {
  described(): Typed;
}

export interface Container {
  on(event: string, listener: (context: Context) => void): void;
  listen(options: object): Server;
}

interface Rhea {
  /** The module itself is one container for the whole process; a server needs its own. */
  create_container: (options: object) => Container;
  readonly types: Types;
  readonly message: {
    encode(message: object): Buffer;
    decode(bytes: Buffer): DecodedMessage;
    accepted(): Composite;
    rejected(fields: { error: AmqpError }): Composite;
    header(fields: object): Composite;
  };
}

const { create_container: createContainer, types, message } = rhea as unknown as Rhea;

export { createContainer, message, types };
