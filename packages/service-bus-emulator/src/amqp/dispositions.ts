import type { AmqpError, Connection, RheaDelivery, Typed } from "./rhea.ts";
import { message } from "./rhea.ts";

const ACCEPTED = message.accepted().described();

/** Settles the deliveries of one connection, with the outcome `accepted` or `rejected`. */
export class Dispositions {
  readonly #connection: Connection;
  #pending: { readonly delivery: RheaDelivery; readonly outcome: Typed }[] = [];

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  accept(delivery: RheaDelivery): void {
    this.#settle(delivery, ACCEPTED);
  }

  reject(delivery: RheaDelivery, { condition, description }: AmqpError): void {
    this.#settle(delivery, message.rejected({ error: { condition, description } }).described());
  }

  #settle(delivery: RheaDelivery, outcome: Typed): void {
    // A caller may be an event of rhea, within which rhea cannot write.
    if (this.#pending.push({ delivery, outcome }) === 1)
      process.nextTick(() => {
        this.#flush();
      });
  }

  /**
   * rhea merges two neighbouring dispositions into one with the first outcome: different outcomes are written apart.
   */
  #flush(): void {
    const pending = this.#pending;
    this.#pending = [];
    for (const [index, { delivery, outcome }] of pending.entries()) {
      if (index > 0 && outcome !== pending[index - 1]?.outcome) this.#connection._process();
      delivery.update(true, outcome);
      // The client settles a settled delivery no more; without this rhea keeps it for ever.
      delivery.remote_settled = true;
    }
    this.#connection._process();
  }
}
