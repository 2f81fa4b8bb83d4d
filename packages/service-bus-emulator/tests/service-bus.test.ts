import type { ServiceBusReceivedMessage } from "@azure/service-bus";
import { isServiceBusError } from "@azure/service-bus";
import { describe, expect, test } from "vitest";
import { startServiceBusEmulator } from "../src/service-bus.ts";
import { receiveBodies, receiveOne, startedEmulator } from "./started-emulator.ts";

const codeOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => "no error",
    (error: unknown) => (isServiceBusError(error) ? error.code : String(error)),
  );

describe("sending and receiving", () => {
  test("a message arrives as it was sent", async () => {
    const { client, now } = await startedEmulator({ queues: { jobs: {} } });
    const properties = { whole: 7, half: 0.5, text: "é", yes: true, day: new Date(86_400_000) };
    await client.createSender("jobs").sendMessages({
      body: { runId: "r1", nested: [1, { deep: null }] },
      messageId: "m1",
      correlationId: "c1",
      subject: "run",
      contentType: "application/json",
      replyTo: "answers",
      to: "somewhere",
      timeToLive: 60_000,
      partitionKey: "p1",
      applicationProperties: properties,
    });
    const message = await receiveOne(client.createReceiver("jobs"));
    expect(message).toMatchObject({
      body: { runId: "r1", nested: [1, { deep: null }] },
      messageId: "m1",
      correlationId: "c1",
      subject: "run",
      contentType: "application/json",
      replyTo: "answers",
      to: "somewhere",
      timeToLive: 60_000,
      partitionKey: "p1",
      applicationProperties: { ...properties, day: 86_400_000 },
      deliveryCount: 0,
      state: "active",
    });
    expect(message.sequenceNumber?.toString()).toBe("1");
    expect(Math.abs((message.enqueuedTimeUtc?.getTime() ?? 0) - now())).toBeLessThan(5_000);
    expect(message.lockedUntilUtc?.getTime()).toBeGreaterThan(now());
  });

  test("a message without an id gets one, and large and binary bodies stay whole", async () => {
    const { client } = await startedEmulator({ queues: { jobs: {} } });
    const body = Buffer.alloc(200_000, "0123456789abcdef");
    await client.createSender("jobs").sendMessages({ body, correlationId: "kept" });
    const receiver = client.createReceiver("jobs");
    const message = await receiveOne(receiver);
    expect(message.messageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(message.correlationId).toBe("kept");
    expect(Buffer.compare(message.body as Buffer, body)).toBe(0);
    await receiver.completeMessage(message);
  });

  test("a message that is too large is rejected, and the sender stays usable", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    const sender = client.createSender("jobs");
    expect(await codeOf(sender.sendMessages({ body: Buffer.alloc(300_000) }))).toBe("MessageSizeExceeded");
    await sender.sendMessages({ body: "small" });
    expect(bus.counts("jobs").active).toBe(1);
  });

  test("a batch arrives in order", async () => {
    const { client } = await startedEmulator({ queues: { jobs: {} } });
    const batch = await client.createSender("jobs").createMessageBatch();
    for (let body = 0; body < 50; body++) expect(batch.tryAddMessage({ body })).toBe(true);
    await client.createSender("jobs").sendMessages(batch);
    expect(await receiveBodies(client.createReceiver("jobs"), 50)).toEqual(
      Array.from({ length: 50 }, (_, body) => body),
    );
  });

  test("a batch with one invalid message stores no message", async () => {
    const { client, bus } = await startedEmulator({ queues: { strict: { requiresSession: true } } });
    const sender = client.createSender("strict");
    expect(await codeOf(sender.sendMessages([{ body: 1, sessionId: "a" }, { body: 2 }]))).toBe("GeneralError");
    expect(bus.counts("strict").active).toBe(0);
  });

  test("neighbouring transfers each get their own outcome", async () => {
    const { client, bus } = await startedEmulator({ queues: { strict: { requiresSession: true } } });
    const sender = client.createSender("strict");
    await sender.sendMessages({ body: "opens the link", sessionId: "a" });
    const codes = await Promise.all(
      [1, 2, 3, 4, 5, 6].map((body) => codeOf(sender.sendMessages(body % 2 ? { body } : { body, sessionId: "a" }))),
    );
    expect(codes).toEqual(["GeneralError", "no error", "GeneralError", "no error", "GeneralError", "no error"]);
    expect(bus.counts("strict").active).toBe(4);
  });

  test("receiveAndDelete removes the messages", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages([{ body: 1 }, { body: 2 }]);
    expect(await receiveBodies(client.createReceiver("jobs", { receiveMode: "receiveAndDelete" }))).toEqual([1, 2]);
    expect(bus.counts("jobs")).toEqual({ active: 0, locked: 0, scheduled: 0, deferred: 0, deadLetter: 0 });
  });

  test("a receive from an empty queue ends after its waiting time, and the link stays usable", async () => {
    const { client } = await startedEmulator({ queues: { jobs: {} } });
    const receiver = client.createReceiver("jobs");
    const tookMs: number[] = [];
    for (let round = 0; round < 5; round++) {
      const start = performance.now();
      expect(await receiver.receiveMessages(10, { maxWaitTimeInMs: 20 })).toEqual([]);
      tookMs.push(performance.now() - start);
    }
    // An unanswered drain costs 200 ms each time; a busy machine costs that once.
    expect(Math.min(...tookMs)).toBeLessThan(200);
    await client.createSender("jobs").sendMessages({ body: "late" });
    expect((await receiveOne(receiver)).body).toBe("late");
  });

  test("receivers with credit take turns", async () => {
    const { client, connect } = await startedEmulator({ queues: { jobs: {} } });
    const got: Record<string, number> = { a: 0, b: 0 };
    let total = 0;
    const all = Promise.withResolvers<undefined>();
    for (const name of ["a", "b"]) {
      connect()
        .createReceiver("jobs")
        .subscribe(
          {
            processMessage: async () => {
              got[name] = (got[name] ?? 0) + 1;
              if (++total === 200) all.resolve(undefined);
            },
            processError: async () => undefined,
          },
          { maxConcurrentCalls: 10 },
        );
    }
    await client.createSender("jobs").sendMessages(Array.from({ length: 200 }, (_, body) => ({ body })));
    await all.promise;
    expect(Math.min(got["a"] ?? 0, got["b"] ?? 0)).toBeGreaterThan(0);
  });
});

describe("settling", () => {
  test("abandon returns the message with changed properties and a higher delivery count", async () => {
    const { client } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages({ body: 1, applicationProperties: { kept: "yes", changed: 1 } });
    const receiver = client.createReceiver("jobs");
    await receiver.abandonMessage(await receiveOne(receiver), { changed: 2, added: "new" });
    const again = await receiveOne(receiver);
    expect(again.applicationProperties).toEqual({ kept: "yes", changed: 2, added: "new" });
    expect(again.deliveryCount).toBe(1);
  });

  test("a dead-lettered message has reason, description, properties and the same delivery count", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages({ body: 1, applicationProperties: { kept: "yes" } });
    const receiver = client.createReceiver("jobs");
    await receiver.deadLetterMessage(await receiveOne(receiver), {
      deadLetterReason: "Unreadable",
      deadLetterErrorDescription: "expected a run id",
      at: 5,
    });
    expect(bus.counts("jobs")).toMatchObject({ active: 0, deadLetter: 1 });
    const deadLetters = client.createReceiver("jobs", { subQueueType: "deadLetter" });
    const [peeked] = await deadLetters.peekMessages(5);
    expect(peeked).toMatchObject({ body: 1, deadLetterReason: "Unreadable" });
    const dead = await receiveOne(deadLetters);
    expect(dead).toMatchObject({
      body: 1,
      deadLetterReason: "Unreadable",
      deadLetterErrorDescription: "expected a run id",
      deliveryCount: 0,
      applicationProperties: { kept: "yes", at: 5 },
    });
    await deadLetters.completeMessage(dead);
    expect(bus.counts("jobs").deadLetter).toBe(0);
  });

  test("a message that reaches maxDeliveryCount is dead-lettered with a reason", async () => {
    const { client } = await startedEmulator({ queues: { jobs: { maxDeliveryCount: 3 } } });
    await client.createSender("jobs").sendMessages({ body: "poison" });
    const receiver = client.createReceiver("jobs");
    for (const deliveryCount of [0, 1, 2]) {
      const message = await receiveOne(receiver);
      expect(message.deliveryCount).toBe(deliveryCount);
      await receiver.abandonMessage(message);
    }
    const dead = await receiveOne(client.createReceiver("jobs", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ body: "poison", deliveryCount: 3, deadLetterReason: "MaxDeliveryCountExceeded" });
  });

  test("a deferred message is received by its sequence number", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages({ body: "later" });
    const receiver = client.createReceiver("jobs");
    const { sequenceNumber } = await receiveOne(receiver).then(async (message) => {
      await receiver.deferMessage(message, { why: "waits" });
      return message;
    });
    if (!sequenceNumber) throw new Error("Expected a sequence number.");
    expect(bus.counts("jobs")).toMatchObject({ active: 0, deferred: 1 });
    expect(await receiver.receiveMessages(1, { maxWaitTimeInMs: 50 })).toEqual([]);
    expect((await receiver.peekMessages(1))[0]?.state).toBe("deferred");
    const [deferred] = await receiver.receiveDeferredMessages(sequenceNumber);
    expect(deferred).toMatchObject({ body: "later", state: "deferred", applicationProperties: { why: "waits" } });
    expect(await codeOf(receiver.receiveDeferredMessages(sequenceNumber))).toBe("MessageNotFound");
    if (deferred) await receiver.completeMessage(deferred);
    expect(bus.counts("jobs")).toMatchObject({ locked: 0, deferred: 0 });
  });

  test("after a lock expires, the next receiver gets the message and the first one gets an error", async () => {
    const { client, bus, pass } = await startedEmulator({ queues: { jobs: { lockDurationMs: 30_000 } } });
    await client.createSender("jobs").sendMessages({ body: 1 });
    const receiver = client.createReceiver("jobs");
    const late = await receiveOne(receiver);
    pass(30_000);
    expect(bus.counts("jobs")).toMatchObject({ active: 1, locked: 0 });
    expect(await codeOf(receiver.completeMessage(late))).toBe("MessageLockLost");
    const again = await receiveOne(receiver);
    expect(again.deliveryCount).toBe(1);
    await receiver.completeMessage(again);
    expect(bus.counts("jobs")).toMatchObject({ active: 0, locked: 0 });
  });

  test("a renewed lock lasts the full duration again, and a lost one cannot be renewed", async () => {
    const { client, bus, pass, now } = await startedEmulator({ queues: { jobs: { lockDurationMs: 30_000 } } });
    await client.createSender("jobs").sendMessages({ body: 1 });
    const receiver = client.createReceiver("jobs", { maxAutoLockRenewalDurationInMs: 0 });
    const message = await receiveOne(receiver);
    pass(20_000);
    const until = await receiver.renewMessageLock(message);
    expect(Math.abs(until.getTime() - now() - 30_000)).toBeLessThan(5_000);
    pass(20_000);
    expect(bus.counts("jobs").locked).toBe(1);
    pass(10_000);
    expect(bus.counts("jobs").locked).toBe(0);
    expect(await codeOf(receiver.renewMessageLock(message))).toBe("MessageLockLost");
  });

  test("a lock survives link and connection: another client can settle the message", async () => {
    const { client, bus, connect } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages([{ body: 1 }, { body: 2 }]);
    const first = client.createReceiver("jobs");
    const [one, two] = await first.receiveMessages(2, { maxWaitTimeInMs: 5_000 });
    await first.close();
    expect(bus.counts("jobs")).toMatchObject({ active: 0, locked: 2 });
    if (!one || !two) throw new Error("Expected two messages.");
    await client.createReceiver("jobs").completeMessage(one);
    await client.close();
    await connect()
      .createReceiver("jobs")
      .deadLetterMessage(two, { deadLetterReason: "moved", deadLetterErrorDescription: "" });
    expect(bus.counts("jobs")).toMatchObject({ active: 0, locked: 0, deadLetter: 1 });
  });
});

describe("time", () => {
  test("a peek shows a scheduled message at once; receivers get it at its time, with a new sequence number", async () => {
    const { client, bus, pass, now } = await startedEmulator({ queues: { jobs: {} } });
    const sender = client.createSender("jobs");
    const [number] = await sender.scheduleMessages([{ body: "a" }, { body: "b" }], new Date(now() + 60_000));
    const receiver = client.createReceiver("jobs");
    expect((await receiver.peekMessages(2)).map(({ state }) => state)).toEqual(["scheduled", "scheduled"]);
    expect(await receiveBodies(receiver)).toEqual([]);
    const waiting = receiveOne(receiver);
    pass(60_000);
    const message = await waiting;
    expect(message.body).toBe("a");
    expect(message.sequenceNumber?.greaterThan(number ?? 0)).toBe(true);
    expect(bus.counts("jobs").scheduled).toBe(0);
  });

  test("a message with a schedule in its properties waits too, and a timer of the emulator activates it", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    const sender = client.createSender("jobs");
    // Opens the link, so that the message arrives before its time.
    await sender.createMessageBatch();
    const at = Date.now() + 500;
    await sender.sendMessages({ body: "soon", scheduledEnqueueTimeUtc: new Date(at) });
    expect(bus.counts("jobs")).toMatchObject({ active: 0, scheduled: 1 });
    expect((await receiveOne(client.createReceiver("jobs"))).body).toBe("soon");
    expect(Date.now()).toBeGreaterThanOrEqual(at);
  });

  test("a cancelled message is never delivered, and cannot be cancelled twice", async () => {
    const { client, bus, pass, now } = await startedEmulator({ queues: { jobs: {} } });
    const sender = client.createSender("jobs");
    const numbers = await sender.scheduleMessages({ body: 1 }, new Date(now() + 60_000));
    await sender.cancelScheduledMessages(numbers);
    pass(60_000);
    expect(bus.counts("jobs")).toMatchObject({ active: 0, scheduled: 0 });
    expect(await codeOf(sender.cancelScheduledMessages(numbers))).toBe("MessageNotFound");
  });

  test("an expired message is dropped, or dead-lettered with deadLetterOnExpiration; a locked one does not expire", async () => {
    const { client, bus, pass } = await startedEmulator({
      queues: { plain: { defaultTtlMs: 50_000 }, strict: { deadLetterOnExpiration: true } },
    });
    for (const queue of ["plain", "strict"]) {
      await client.createSender(queue).sendMessages([
        { body: 1, timeToLive: 10_000 },
        { body: 2, timeToLive: 10_000 },
      ]);
      await receiveOne(client.createReceiver(queue));
    }
    await client.createSender("plain").sendMessages({ body: "lives as long as the queue allows", timeToLive: 90_000 });
    pass(10_000);
    expect(bus.counts("plain")).toMatchObject({ active: 1, locked: 1, deadLetter: 0 });
    expect(bus.counts("strict")).toMatchObject({ active: 0, locked: 1, deadLetter: 1 });
    pass(40_000);
    expect(bus.counts("plain").active).toBe(0);
    const dead = await receiveOne(client.createReceiver("strict", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ body: 2, deadLetterReason: "TTLExpiredException" });
  });
});

describe("subscribe", () => {
  test("runs at most maxConcurrentCalls handlers, and completes their messages", async () => {
    const { client, bus } = await startedEmulator({ queues: { jobs: {} } });
    await client.createSender("jobs").sendMessages(Array.from({ length: 60 }, (_, body) => ({ body })));
    let running = 0;
    let most = 0;
    const seen = new Set<unknown>();
    const all = Promise.withResolvers<undefined>();
    const subscription = client.createReceiver("jobs").subscribe(
      {
        processMessage: async ({ body }: ServiceBusReceivedMessage) => {
          most = Math.max(most, ++running);
          await new Promise(setImmediate);
          running--;
          seen.add(body);
          if (seen.size === 60) all.resolve(undefined);
        },
        processError: async ({ error }) => {
          all.reject(error);
        },
      },
      { maxConcurrentCalls: 5 },
    );
    await all.promise;
    await subscription.close();
    expect(most).toBe(5);
    expect(bus.counts("jobs")).toMatchObject({ active: 0, locked: 0 });
  });

  test("abandons a message when its handler throws, until it is dead-lettered", async () => {
    const { client } = await startedEmulator({ queues: { jobs: { maxDeliveryCount: 2 } } });
    await client.createSender("jobs").sendMessages({ body: "bad" });
    client.createReceiver("jobs").subscribe({
      processMessage: async () => {
        throw new Error("cannot do that");
      },
      processError: async () => undefined,
    });
    const dead = await receiveOne(client.createReceiver("jobs", { subQueueType: "deadLetter" }));
    expect(dead).toMatchObject({ body: "bad", deadLetterReason: "MaxDeliveryCountExceeded" });
  });
});

describe("errors", () => {
  test("the error for an unknown entity lists the known ones", async () => {
    const { client } = await startedEmulator({ queues: { jobs: {} } });
    for (const work of [
      client.createSender("jbos").sendMessages({ body: 1 }),
      client.createReceiver("jbos").receiveMessages(1, { maxWaitTimeInMs: 50 }),
      client.createReceiver("jbos").peekMessages(1),
    ]) {
      await expect(work).rejects.toMatchObject({ code: "MessagingEntityNotFound" });
    }
    await expect(client.createReceiver("jbos").peekMessages(1)).rejects.toThrow(
      "'jbos' could not be found. Known here: jobs.",
    );
  });

  test("paths are case-insensitive", async () => {
    const { client } = await startedEmulator({ queues: { Jobs: {} } });
    await client.createSender("jobs").sendMessages({ body: 1 });
    expect((await receiveOne(client.createReceiver("JOBS"))).body).toBe(1);
  });

  test("a port in use is an error", async () => {
    const { bus } = await startedEmulator({ queues: {} });
    await expect(startServiceBusEmulator({ port: bus.port })).rejects.toThrow("EADDRINUSE");
  });
});

describe("topics", () => {
  test("every subscription gets its own copy of the messages that match its filter", async () => {
    const { client, bus } = await startedEmulator({
      topics: {
        events: {
          subscriptions: {
            all: {},
            paid: { filter: { subject: "paid" } },
            german: { filter: { applicationProperties: { country: "de" } }, maxDeliveryCount: 1 },
          },
        },
      },
    });
    await client.createSender("events").sendMessages([
      { body: 1, subject: "paid", applicationProperties: { country: "de" } },
      { body: 2, subject: "paid" },
      { body: 3, subject: "sent", applicationProperties: { country: "fr" } },
    ]);
    expect(bus.counts("events/Subscriptions/all").active).toBe(3);
    expect(await receiveBodies(client.createReceiver("events", "paid"))).toEqual([1, 2]);
    const german = client.createReceiver("events", "german");
    await german.abandonMessage(await receiveOne(german));
    const dead = await receiveOne(client.createReceiver("events", "german", { subQueueType: "deadLetter" }));
    expect(dead.body).toBe(1);
    expect(bus.counts("events/Subscriptions/all").active).toBe(3);
  });
});
