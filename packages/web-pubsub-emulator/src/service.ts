import type { Authentication } from "./authentication.ts";
import { CLOSE } from "./connection.ts";
import { badRequest, notFound } from "./http-error.ts";
import { Hub } from "./hub.ts";
import type { Limits } from "./limits.ts";
import type { Log } from "./log.ts";

interface ServiceOptions {
  readonly authentication: Authentication;
  readonly limits: Limits;
  /** Epoch milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** undefined: every valid name is a hub, as on Azure. */
  readonly hubNames: readonly string[] | undefined;
}

/** The hubs, and the timer that ends connections whose recovery window has passed. */
export class Service {
  readonly authentication: Authentication;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: Log;
  readonly #hubNames: readonly string[] | undefined;
  readonly #hubs = new Map<string, Hub>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ authentication, limits, now, log, hubNames }: ServiceOptions) {
    this.authentication = authentication;
    this.limits = limits;
    this.now = now;
    this.log = log;
    this.#hubNames = hubNames;
  }

  /** @throws HttpError (400, 404) if the name is invalid or not the name of a hub */
  hub(name: string): Hub {
    if (!/^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/.test(name)) {
      throw badRequest(`hub: expected a letter, then letters, digits or _\`,.[], got ${name}.`);
    }
    if (this.#hubNames && !this.#hubNames.includes(name)) {
      throw notFound(`hub: expected one of ${this.#hubNames.join(", ")}, got ${name}.`);
    }
    const hub = this.#hubs.get(name) ?? new Hub(name);
    this.#hubs.set(name, hub);
    return hub;
  }

  hubs(): readonly Hub[] {
    return [...this.#hubs.values()];
  }

  /** Ends the connections whose recovery window has passed. */
  expireConnections(): void {
    this.stop();
    for (const hub of this.hubs()) {
      for (const connection of hub.all()) {
        if ((connection.recoverableUntil ?? Infinity) > this.now()) continue;
        this.log("recovery_window_ended", { hub: hub.name, connection: connection.id });
        connection.end(CLOSE.gone, "the client did not recover the connection in time");
      }
    }
    this.scheduleExpiry();
  }

  /** Schedules `expireConnections` for the end of the first recovery window. */
  scheduleExpiry(): void {
    if (this.#timer) return;
    const ends = this.hubs().flatMap((hub) => hub.all().flatMap(({ recoverableUntil }) => recoverableUntil ?? []));
    if (ends.length === 0) return;
    const delayMs = ends.reduce((first, end) => Math.min(first, end)) - this.now();
    const expire = () => {
      this.expireConnections();
    };
    this.#timer = setTimeout(expire, Math.max(10, delayMs));
    this.#timer.unref();
  }

  /** Clears the timer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
