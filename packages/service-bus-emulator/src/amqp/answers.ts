import { message } from "./rhea.ts";
import type { AmqpError, Connection, Delivery, Typed } from "./rhea.ts";

export const ACCEPTED = message.accepted().described();

export const rejected = ({ condition, description }: AmqpError): Typed =>
  message.rejected({ error: { condition, description } }).described();

/** Answers what the client of one connection sends. */
export class Answers {
  readonly #connection: Connection;
  #lastWasRefused = false;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  accept(delivery: Delivery): void {
    if (this.#lastWasRefused) this.#flush(false);
    settle(delivery, ACCEPTED);
  }

  refuse(delivery: Delivery, error: AmqpError): void {
    this.#flush(true);
    settle(delivery, rejected(error));
  }

  /** rhea joins neighbouring answers of one turn into one that carries the first outcome: different outcomes must not meet. */
  #flush(isRefused: boolean): void {
    this.#lastWasRefused = isRefused;
    this.#connection._process();
  }
}

function settle(delivery: Delivery, state: Typed): void {
  delivery.update(true, state);
  // A peer that was answered with a settled state says nothing more; rhea would keep the delivery for ever.
  delivery.remote_settled = true;
}
