import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Draft, Settlement } from "../src/message.ts";
import type { Change } from "../src/message-store.ts";
import { Queue } from "../src/queue.ts";
import type { QueueSettings } from "../src/settings.ts";
import { resolveQueueSettings } from "../src/settings.ts";
import { QueueModel } from "./queue-model.ts";

const draft = (messageId: string, more: Partial<Draft> = {}): Draft => ({
  content: Buffer.from(messageId),
  durable: false,
  priority: 4,
  messageId,
  ...more,
});

function queueWith(given: QueueSettings) {
  const changes: [where: "main" | "dead", change: Change][] = [];
  let tokens = 0;
  const newToken = () => `token-${++tokens}`;
  const deadLetterSettings = resolveQueueSettings("q", {
    lockDurationMs: given.lockDurationMs ?? 60_000,
    maxDeliveryCount: Infinity,
  });
  const deadLetters = new Queue({
    settings: deadLetterSettings,
    newToken,
    record: (change) => changes.push(["dead", change]),
  });
  const settings = resolveQueueSettings("q", given);
  const queue = new Queue({ settings, newToken, record: (change) => changes.push(["main", change]), deadLetters });
  return { queue, deadLetters, changes };
}

const kinds: Settlement["kind"][] = ["complete", "abandon", "release", "defer", "deadLetter"];
const command = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("enqueue" as const),
      ttl: fc.option(fc.integer({ min: 1, max: 30 })),
      delay: fc.option(fc.nat(20)),
    }),
  },
  { weight: 4, arbitrary: fc.record({ do: fc.constant("receive" as const) }) },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("settle" as const), which: fc.nat(), kind: fc.constantFrom(...kinds) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("renew" as const), which: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("cancel" as const), sequence: fc.integer({ min: 1, max: 30 }) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("receiveDeferred" as const), sequence: fc.integer({ min: 1, max: 30 }) }),
  },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("pass" as const), ms: fc.integer({ min: 1, max: 15 }) }) },
);
const settings = fc.record({
  lockDurationMs: fc.constant(10),
  maxDeliveryCount: fc.integer({ min: 1, max: 3 }),
  deadLetterOnExpiration: fc.boolean(),
});

function view(queue: Queue, deadLetters: Queue): object {
  const messages = queue
    .peek(0, Infinity)
    .map(({ message, state, deliveryCount, lock }) => [
      message.sequence,
      message.messageId,
      state,
      deliveryCount,
      lock,
    ]);
  const dead = deadLetters
    .peek(0, Infinity)
    .map(({ message, deliveryCount }) => [message.messageId, message.deadLetter?.reason, deliveryCount]);
  return { messages, dead };
}

describe("a queue", () => {
  test("behaves like the model for any commands, and its changes rebuild it", () => {
    fc.assert(
      fc.property(settings, fc.array(command, { maxLength: 80, size: "max" }), (given, commands) => {
        const { queue, deadLetters, changes } = queueWith(given);
        const model = new QueueModel(given);
        const tokens: string[] = [];
        let now = 1_000;
        for (const [index, one] of commands.entries()) {
          if (one.do === "pass") now += one.ms;
          queue.advance(now);
          model.advance(now);
          if (one.do === "enqueue") {
            const scheduledFor = one.delay === null ? undefined : now + one.delay;
            const optional = {
              ...(one.ttl === null ? {} : { ttlMs: one.ttl }),
              ...(scheduledFor === undefined ? {} : { scheduledFor }),
            };
            expect(queue.enqueue(draft(`m${index}`, optional), now)).toBe(
              model.enqueue(`m${index}`, one.ttl ?? undefined, scheduledFor, now),
            );
          } else if (one.do === "receive" || one.do === "receiveDeferred") {
            const delivery =
              one.do === "receive"
                ? queue.receiveNext("peekLock", now)
                : queue.receiveDeferred(one.sequence, "peekLock", now);
            const token = delivery?.lock?.token ?? "none";
            const expected =
              one.do === "receive" ? model.receive(token, now) : model.receiveDeferred(one.sequence, token, now);
            expect(delivery?.message.sequence).toBe(expected?.sequence);
            if (delivery) tokens.push(token);
          } else if (one.do === "settle") {
            const token = tokens[one.which % tokens.length] ?? "none";
            const settlement =
              one.kind === "deadLetter" ? { kind: one.kind, deadLetter: { reason: "asked" } } : { kind: one.kind };
            expect(queue.settle(token, settlement)).toBe(model.settle(token, one.kind));
          } else if (one.do === "renew") {
            const token = tokens[one.which % tokens.length] ?? "none";
            expect(queue.renewLock(token, now)).toBe(model.renew(token, now));
          } else if (one.do === "cancel") {
            expect(queue.cancel([one.sequence]) === undefined).toBe(model.cancel(one.sequence));
          }
          expect(view(queue, deadLetters)).toEqual(model.view());
        }
        const rebuilt = queueWith(given);
        for (const [where, change] of changes) (where === "main" ? rebuilt.queue : rebuilt.deadLetters).replay(change);
        expect(view(rebuilt.queue, rebuilt.deadLetters)).toEqual(view(queue, deadLetters));
        const copied = queueWith(given);
        for (const change of queue.snapshot()) copied.queue.replay(change);
        for (const change of deadLetters.snapshot()) copied.deadLetters.replay(change);
        expect(view(copied.queue, copied.deadLetters)).toEqual(view(queue, deadLetters));
        expect(copied.queue.nextDue()).toBe(queue.nextDue());
        expect(copied.queue.counts()).toEqual(queue.counts());
      }),
      { numRuns: 300 },
    );
  });

  test("counts each message once", () => {
    const { queue } = queueWith({});
    for (const id of ["a", "b", "c", "d"]) queue.enqueue(draft(id), 0);
    queue.enqueue(draft("later", { scheduledFor: 100 }), 0);
    const [first, second, third] = [1, 2, 3].map(() => queue.receiveNext("peekLock", 0)?.lock?.token ?? "");
    queue.settle(first ?? "", { kind: "defer" });
    queue.settle(second ?? "", { kind: "deadLetter", deadLetter: {} });
    expect(third).toBeDefined();
    expect(queue.counts()).toEqual({ active: 1, locked: 1, scheduled: 1, deferred: 1, deadLetter: 1 });
  });

  test("drops a second message with the same id within the window, and accepts it after", () => {
    const { queue } = queueWith({ duplicateDetectionMs: 100 });
    queue.enqueue(draft("same"), 0);
    queue.enqueue(draft("same"), 99);
    expect(queue.counts().active).toBe(1);
    queue.enqueue(draft("same"), 100);
    expect(queue.counts().active).toBe(2);
  });

  test("locks a session for one receiver, and for the next one after its lock expired, with one more failed delivery", () => {
    const { queue } = queueWith({ requiresSession: true, lockDurationMs: 10 });
    queue.enqueue(draft("a1", { sessionId: "a" }), 0);
    queue.enqueue(draft("b1", { sessionId: "b" }), 0);
    expect(queue.acceptSession(undefined, 0)).toBe("a");
    expect(queue.acceptSession("a", 0)).toBeUndefined();
    queue.receiveNext("peekLock", 0, "a");
    expect(queue.advance(9)).toEqual([]);
    expect(queue.advance(10)).toEqual(["a"]);
    expect(queue.acceptSession("a", 10)).toBe("a");
    expect(queue.receiveNext("peekLock", 10, "a")?.deliveryCount).toBe(1);
  });

  test("counts no failed delivery when a receiver releases its session", () => {
    const { queue } = queueWith({ requiresSession: true });
    queue.enqueue(draft("a1", { sessionId: "a" }), 0);
    queue.acceptSession("a", 0);
    queue.receiveNext("peekLock", 0, "a");
    queue.releaseSession("a");
    queue.acceptSession("a", 0);
    expect(queue.receiveNext("peekLock", 0, "a")?.deliveryCount).toBe(0);
  });

  test("keeps locks on messages after a restart, except on messages of a session", () => {
    for (const requiresSession of [false, true]) {
      const { queue, changes } = queueWith({ requiresSession });
      queue.enqueue(draft("a1", { sessionId: "a" }), 0);
      queue.acceptSession("a", 0);
      queue.receiveNext("peekLock", 0, requiresSession ? "a" : "");
      const restarted = queueWith({ requiresSession }).queue;
      for (const [, change] of changes) restarted.replay(change);
      restarted.recover("keep");
      expect(restarted.counts().locked).toBe(requiresSession ? 0 : 1);
      restarted.recover("release");
      expect(restarted.counts().locked).toBe(0);
    }
  });
});

test("the error names an invalid setting", () => {
  expect(() => resolveQueueSettings("jobs", { maxDeliveryCount: 0 })).toThrow(
    "queues.jobs.maxDeliveryCount: expected a positive whole number, got 0.",
  );
  expect(() => resolveQueueSettings("jobs", { lockDuration: 5 } as QueueSettings)).toThrow(
    'unknown setting "lockDuration"',
  );
});
