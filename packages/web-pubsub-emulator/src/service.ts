import type { Access } from "./access.ts";
import { CLOSE } from "./connection.ts";
import { Hub } from "./hub.ts";
import type { Limits } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Is told what happens that no caller sees. */
export type Log = (event: string, details: Readonly<Record<string, unknown>>) => void;

interface ServiceFacts {
  readonly access: Access;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: Log;
  /** undefined: every well-formed name is a hub, as on Azure. */
  readonly hubNames: readonly string[] | undefined;
}

/** All hubs, and the one clock that gives lost connections up. */
export class Service {
  readonly access: Access;
  readonly limits: Limits;
  readonly now: () => number;
  readonly log: Log;
  readonly #hubNames: readonly string[] | undefined;
  readonly #hubs = new Map<string, Hub>();
  #timer: NodeJS.Timeout | undefined;

  constructor({ access, limits, now, log, hubNames }: ServiceFacts) {
    this.access = access;
    this.limits = limits;
    this.now = now;
    this.log = log;
    this.#hubNames = hubNames;
  }

  /** @throws Refusal for a name that is no hub's */
  hub(name: string): Hub {
    if (!/^[A-Za-z][A-Za-z0-9_`,.[\]]{0,127}$/.test(name)) {
      throw new Refusal(400, "BadRequest", `hub: expected a letter, then letters, digits or _\`,.[], got ${name}.`);
    }
    if (this.#hubNames && !this.#hubNames.includes(name)) {
      throw new Refusal(404, "NotFound", `hub: expected one of ${this.#hubNames.join(", ")}, got ${name}.`);
    }
    const known = this.#hubs.get(name);
    if (known) return known;
    const hub = new Hub(name);
    this.#hubs.set(name, hub);
    return hub;
  }

  hubs(): readonly Hub[] {
    return [...this.#hubs.values()];
  }

  /** Gives up the connections whose time to come back has passed. */
  wake(): void {
    this.stop();
    for (const hub of this.hubs()) {
      for (const connection of hub.all()) {
        if ((connection.givenUpAt ?? Infinity) > this.now()) continue;
        this.log("given_up", { hub: hub.name, connection: connection.id });
        connection.end(CLOSE.gone, "the connection was not recovered in time");
      }
    }
    this.scheduleWake();
  }

  /** Sees to it that `wake` happens when the connection that was lost first is to be given up. */
  scheduleWake(): void {
    if (this.#timer) return;
    const ends = this.hubs().flatMap((hub) => hub.all().flatMap(({ givenUpAt }) => givenUpAt ?? []));
    if (ends.length === 0) return;
    const inMs = ends.reduce((first, end) => Math.min(first, end), Infinity) - this.now();
    this.#timer = setTimeout(
      () => {
        this.wake();
      },
      Math.max(10, inMs),
    );
    this.#timer.unref();
  }

  /** Forgets the timer. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
