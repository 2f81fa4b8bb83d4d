import { randomUUID } from "node:crypto";
import { Entity } from "./entity.ts";
import type { CorrelationFilter, MessageProperties } from "./filter.ts";
import { matches } from "./filter.ts";
import { Journal } from "./journal.ts";
import type { Entry } from "./journal-entries.ts";
import type { Draft } from "./message.ts";
import type { Change } from "./message-store.ts";
import type { QueueCounts } from "./queue.ts";
import { Queue } from "./queue.ts";
import type { QueueSettings } from "./settings.ts";
import { resolveQueueSettings } from "./settings.ts";

interface SubscriptionSettings extends QueueSettings {
  /** The messages of the topic that it gets. Default: all. */
  readonly filter?: CorrelationFilter;
}

export interface TopicSettings {
  readonly subscriptions: Readonly<Record<string, SubscriptionSettings>>;
}

interface BrokerOptions {
  readonly queues: Readonly<Record<string, QueueSettings>>;
  readonly topics: Readonly<Record<string, TopicSettings>>;
  readonly now: () => number;
  readonly dataDirectory?: string | undefined;
  readonly locksAtStart: "keep" | "release";
  readonly onFailure: (error: Error) => void;
}

/** A message of a sender, with the properties that filters compare. */
export type IncomingMessage = Draft & { readonly properties: MessageProperties };

/** Where messages of a sender go: to a queue, or to the subscriptions of a topic. */
export type Target = Entity | Topic;

interface Subscription {
  readonly entity: Entity;
  readonly filter: CorrelationFilter | undefined;
}

export class Topic {
  readonly path: string;
  readonly subscriptions: readonly Subscription[];

  constructor(path: string, subscriptions: readonly Subscription[]) {
    this.path = path;
    this.subscriptions = subscriptions;
  }
}

const DEAD_LETTERS = "$DeadLetterQueue";

/** All queues and topics, and their journal. It knows nothing of the protocol. */
export class Broker {
  /** By path in lower case: paths are case-insensitive. */
  readonly #entities = new Map<string, Entity>();
  readonly #topics = new Map<string, Topic>();
  readonly #now: () => number;
  /** Queues that are in the journal but not in the options. */
  readonly #undeclared: string[] = [];
  #journal: Journal | undefined;

  constructor(options: BrokerOptions) {
    this.#now = options.now;
    for (const [name, settings] of Object.entries(options.queues)) this.#addQueue(name, settings);
    for (const [name, { subscriptions }] of Object.entries(options.topics)) {
      const parts = Object.entries(subscriptions).map(([subscription, { filter, ...settings }]) => ({
        entity: this.#addQueue(`${name}/Subscriptions/${subscription}`, settings),
        filter,
      }));
      this.#topics.set(name.toLowerCase(), new Topic(name, parts));
    }
    if (options.dataDirectory !== undefined) this.#journal = this.#openJournal(options.dataDirectory, options);
    for (const { queue } of this.#entities.values()) queue.recover(options.locksAtStart);
    for (const entity of this.#entities.values()) entity.dispatch();
  }

  /** The queue, subscription or dead-letter queue with this path, as receivers write it. */
  entity(path: string): Entity | undefined {
    return this.#entities.get(path.toLowerCase());
  }

  /** The queue or topic with this path, as senders write it. */
  target(path: string): Target | undefined {
    return this.#topics.get(path.toLowerCase()) ?? this.entity(path);
  }

  /** Stores the messages and returns their sequence numbers; a topic returns none. */
  publish(target: Target, messages: readonly IncomingMessage[]): number[] {
    if (target instanceof Entity) {
      return target.run((queue, now) => messages.map(({ properties: _, ...draft }) => queue.enqueue(draft, now)));
    }
    for (const { entity, filter } of target.subscriptions) {
      const wanted = messages.filter(({ properties }) => !filter || matches(filter, properties));
      if (wanted.length > 0) this.publish(entity, wanted);
    }
    return [];
  }

  /** Calls back when all changes so far are on disk. */
  whenDurable(callback: () => unknown): void {
    if (this.#journal) this.#journal.whenDurable(callback);
    else callback();
  }

  counts(path: string): QueueCounts {
    const entity = this.entity(path);
    if (!entity)
      throw new Error(
        `Expected the path of a queue or subscription, got "${path}"; known: ${this.paths().join(", ")}.`,
      );
    return entity.run((queue) => queue.counts());
  }

  paths(): string[] {
    return Array.from(this.#entities.values(), ({ path }) => path).filter((path) => !path.endsWith(DEAD_LETTERS));
  }

  /** Reads the clock and does what is due. */
  wake(): void {
    for (const entity of this.#entities.values()) entity.dispatch();
  }

  async stop(): Promise<void> {
    for (const entity of this.#entities.values()) entity.stop();
    await this.#journal?.close();
  }

  #addQueue(path: string, given: QueueSettings): Entity {
    const settings = resolveQueueSettings(path, given);
    const deadLetterSettings = resolveQueueSettings(path, {
      lockDurationMs: settings.lockDurationMs,
      maxDeliveryCount: Infinity,
    });
    const deadLetterPath = `${path}/${DEAD_LETTERS}`;
    const deadLetters = new Queue({
      settings: deadLetterSettings,
      newToken: randomUUID,
      record: this.#recorder(deadLetterPath),
    });
    const queue = new Queue({ settings, newToken: randomUUID, record: this.#recorder(path), deadLetters });
    const deadLetterEntity = this.#register(new Entity(deadLetterPath, deadLetters, this.#now));
    return this.#register(new Entity(path, queue, this.#now, deadLetterEntity));
  }

  #register(entity: Entity): Entity {
    this.#entities.set(entity.path.toLowerCase(), entity);
    return entity;
  }

  #recorder(path: string): (change: Change) => void {
    return (change) => {
      this.#journal?.record(path, change);
    };
  }

  #openJournal(directory: string, { onFailure }: BrokerOptions): Journal {
    const snapshot = () => this.#snapshot();
    const journal = Journal.open({ directory, snapshot, onFailure }, ([path, change]) => {
      this.#recovered(path).queue.replay(change);
    });
    for (const path of this.#undeclared) this.#removeIfEmpty(path);
    return journal;
  }

  /** The queue of a journal entry. One that the options no longer name gets default settings, so no message is lost. */
  #recovered(path: string): Entity {
    const known = this.entity(path);
    if (known) return known;
    const owner = path.endsWith(`/${DEAD_LETTERS}`) ? path.slice(0, -DEAD_LETTERS.length - 1) : path;
    this.#undeclared.push(owner);
    this.#addQueue(owner, {});
    return this.#recovered(path);
  }

  #removeIfEmpty(path: string): void {
    const counts = this.entity(path)?.queue.counts();
    if (!counts || Object.values(counts).some((count) => count > 0)) return;
    this.#entities.delete(path.toLowerCase());
    this.#entities.delete(`${path}/${DEAD_LETTERS}`.toLowerCase());
  }

  *#snapshot(): Iterable<Entry> {
    for (const { path, queue } of this.#entities.values()) for (const change of queue.snapshot()) yield [path, change];
  }
}
