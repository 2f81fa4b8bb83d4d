import { message } from "./rhea.ts";
import type { AmqpError, Connection, Delivery } from "./rhea.ts";

const ACCEPTED = message.accepted().described();

/** Answers deliveries of one connection. */
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

  refuse(delivery: Delivery, { condition, description }: AmqpError): void {
    this.#flush(true);
    settle(delivery, message.rejected({ error: { condition, description } }).described());
  }

  /** rhea joins neighbouring answers of one turn into one that carries the first outcome: different outcomes must not meet. */
  #flush(isRefused: boolean): void {
    this.#lastWasRefused = isRefused;
    this.#connection._process();
  }
}

function settle(delivery: Delivery, state: unknown): void {
  delivery.update(true, state);
  // A peer that was answered with a settled state says nothing more; rhea would keep the delivery for ever.
  delivery.remote_settled = true;
}
