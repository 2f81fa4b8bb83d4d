import { randomUUID } from "node:crypto";
import { Entity } from "./entity.ts";
import { matches } from "./filter.ts";
import type { CorrelationFilter, MessageProperties } from "./filter.ts";
import { Journal } from "./journal.ts";
import type { Entry } from "./journal-entries.ts";
import type { Draft } from "./message.ts";
import { Queue } from "./queue.ts";
import type { QueueCounts } from "./queue.ts";
import { resolveQueueSettings } from "./settings.ts";
import type { QueueSettings } from "./settings.ts";
import type { Change } from "./message-store.ts";

interface SubscriptionSettings extends QueueSettings {
  /** Which messages of the topic it gets. Default: all. */
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

/** A message on its way to a topic: its properties are read only if a filter asks for them. */
export type Publication = Draft & { readonly properties: () => MessageProperties };

/** Where a sender's messages go: to a queue, or to every subscription of a topic that wants them. */
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

/** All queues and topics, and the journal that keeps them. It knows nothing of the wire. */
export class Broker {
  /** By path in lower case: paths are not case-sensitive. */
  readonly #entities = new Map<string, Entity>();
  readonly #topics = new Map<string, Topic>();
  readonly #now: () => number;
  /** Queues that only the journal knows. */
  readonly #orphans: string[] = [];
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
    for (const entity of this.#entities.values()) entity.handOut();
  }

  /** The queue, subscription or dead-letter queue with this path, as receivers write it. */
  entity(path: string): Entity | undefined {
    return this.#entities.get(path.toLowerCase());
  }

  /** The queue or topic with this path, as senders write it. */
  target(path: string): Target | undefined {
    return this.#topics.get(path.toLowerCase()) ?? this.entity(path);
  }

  /** Takes all messages in, or, where one has no session and needs one, none. Returns their sequence numbers (none from a topic). */
  publish(target: Target, publications: readonly Publication[]): number[] {
    if (target instanceof Entity) {
      return target.run((queue, now) => publications.map(({ properties: _, ...draft }) => queue.enqueue(draft, now)));
    }
    for (const { entity, filter } of target.subscriptions) {
      const wanted = publications.filter(({ properties }) => !filter || matches(filter, properties()));
      if (wanted.length > 0) this.publish(entity, wanted);
    }
    return [];
  }

  /** Calls back once everything that happened so far survives a crash. */
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

  /** Looks at the clock: what has come due happens now. */
  wake(): void {
    for (const entity of this.#entities.values()) entity.handOut();
  }

  async stop(): Promise<void> {
    for (const entity of this.#entities.values()) entity.stop();
    await this.#journal?.close();
  }

  #addQueue(path: string, given: QueueSettings): Entity {
    const settings = resolveQueueSettings(path, given);
    const forTheDead = resolveQueueSettings(path, {
      lockDurationMs: settings.lockDurationMs,
      maxDeliveryCount: Infinity,
    });
    const deadPath = `${path}/${DEAD_LETTERS}`;
    const deadLetters = new Queue({ settings: forTheDead, newToken: randomUUID, record: this.#recorder(deadPath) });
    const queue = new Queue({ settings, newToken: randomUUID, record: this.#recorder(path), deadLetters });
    const dead = this.#register(new Entity(deadPath, deadLetters, this.#now));
    return this.#register(new Entity(path, queue, this.#now, dead));
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
      this.#kept(path).queue.replay(change);
    });
    for (const path of this.#orphans) this.#dropIfEmpty(path);
    return journal;
  }

  /** The queue that a journal speaks of. One that is no longer named lives on with default settings, so that its messages are not lost. */
  #kept(path: string): Entity {
    const known = this.entity(path);
    if (known) return known;
    const owner = path.endsWith(`/${DEAD_LETTERS}`) ? path.slice(0, -DEAD_LETTERS.length - 1) : path;
    this.#orphans.push(owner);
    this.#addQueue(owner, {});
    return this.#kept(path);
  }

  #dropIfEmpty(path: string): void {
    const counts = this.entity(path)?.queue.counts();
    if (!counts || Object.values(counts).some((count) => count > 0)) return;
    this.#entities.delete(path.toLowerCase());
    this.#entities.delete(`${path}/${DEAD_LETTERS}`.toLowerCase());
  }

  *#snapshot(): Iterable<Entry> {
    for (const { path, queue } of this.#entities.values()) for (const change of queue.snapshot()) yield [path, change];
  }
}
