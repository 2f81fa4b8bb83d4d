import { describe, expect, test } from "vitest";
import { cutConnection, receiveBodies, startedEmulator } from "./started-emulator.ts";

const queues = { runs: { requiresSession: true, lockDurationMs: 30_000 } };

describe("sessions", () => {
  test("each has one receiver, which gets its messages in order", async () => {
    const { client } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages([
      { body: "a1", sessionId: "a" },
      { body: "b1", sessionId: "b" },
      { body: "a2", sessionId: "a" },
    ]);
    const a = await client.acceptSession("runs", "a");
    expect(await receiveBodies(a)).toEqual(["a1", "a2"]);
    await expect(client.acceptSession("runs", "a")).rejects.toMatchObject({ code: "SessionCannotBeLocked" });
    const next = await client.acceptNextSession("runs");
    expect(next.sessionId).toBe("b");
    expect(await receiveBodies(next)).toEqual(["b1"]);
  });

  test("a receiver that waits for any session gets the first one with a message", async () => {
    const { client, connect } = await startedEmulator({ queues });
    const waiting = connect().acceptNextSession("runs");
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "late" });
    expect((await waiting).sessionId).toBe("late");
  });

  test("a wait for any session times out, and takes no later message", async () => {
    const { bus, client } = await startedEmulator({ queues });
    const impatient = client.acceptNextSession("runs");
    await expect(impatient).rejects.toMatchObject({ code: "ServiceTimeout" });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    expect((await client.acceptNextSession("runs")).sessionId).toBe("a");
    expect(bus.counts("runs").active).toBe(1);
  });

  test("a session keeps its state until a receiver removes it", async () => {
    const { client } = await startedEmulator({ queues });
    const first = await client.acceptSession("runs", "a");
    expect(await first.getSessionState()).toBeNull();
    await first.setSessionState({ step: 2 });
    await first.close();
    const second = await client.acceptSession("runs", "a");
    expect(await second.getSessionState()).toEqual({ step: 2 });
    await second.setSessionState(null);
    expect(await second.getSessionState()).toBeNull();
  });

  test("a close releases session and messages at once, without a failed delivery", async () => {
    const { client, bus, connect } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    const other = connect();
    const held = await other.acceptSession("runs", "a");
    await held.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    expect(bus.counts("runs").locked).toBe(1);
    await other.close();
    const again = await client.acceptNextSession("runs");
    const [message] = await again.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    expect(message).toMatchObject({ body: 1, deliveryCount: 0 });
  });

  test("a lost client releases its session at once", async () => {
    const { client, connect } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    const vanishing = connect();
    await vanishing.acceptSession("runs", "a");
    const waiting = client.acceptNextSession("runs");
    cutConnection(vanishing);
    expect((await waiting).sessionId).toBe("a");
  });

  test("a session whose lock expired is free for others, and its locked messages cannot be settled", async () => {
    const { client, connect, pass } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    const slow = await connect().acceptSession("runs", "a", { maxAutoLockRenewalDurationInMs: 0 });
    const [late] = await slow.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    pass(30_000);
    const next = await client.acceptSession("runs", "a");
    const [message] = await next.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    expect(message).toMatchObject({ body: 1, deliveryCount: 1 });
    if (!late) throw new Error("Expected a message.");
    await expect(slow.completeMessage(late)).rejects.toMatchObject({ code: "SessionLockLost" });
    if (message) await next.completeMessage(message);
  });

  test("a renewed session lock lasts the full duration again, also for its locked messages", async () => {
    const { client, bus, pass, now } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    const held = await client.acceptSession("runs", "a", { maxAutoLockRenewalDurationInMs: 0 });
    const [message] = await held.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    pass(20_000);
    const until = await held.renewSessionLock();
    expect(Math.abs(until.getTime() - now() - 30_000)).toBeLessThan(5_000);
    pass(20_000);
    if (message) await held.completeMessage(message);
    expect(bus.counts("runs")).toMatchObject({ active: 0, locked: 0 });
  });

  test("a deferred message is received in its session", async () => {
    const { client, bus } = await startedEmulator({ queues });
    await client.createSender("runs").sendMessages({ body: 1, sessionId: "a" });
    const held = await client.acceptSession("runs", "a");
    const [message] = await held.receiveMessages(1, { maxWaitTimeInMs: 5_000 });
    if (!message?.sequenceNumber) throw new Error("Expected a message.");
    await held.deferMessage(message);
    const [deferred] = await held.receiveDeferredMessages(message.sequenceNumber);
    if (deferred) await held.completeMessage(deferred);
    expect(bus.counts("runs")).toMatchObject({ locked: 0, deferred: 0 });
  });

  test("a queue with sessions rejects receivers without one, and one without sessions rejects session receivers", async () => {
    const { client } = await startedEmulator({ queues: { ...queues, plain: {} } });
    await expect(client.createReceiver("runs").receiveMessages(1, { maxWaitTimeInMs: 50 })).rejects.toThrow(
      "requires sessions",
    );
    await expect(client.acceptSession("plain", "a")).rejects.toMatchObject({ code: "SessionCannotBeLocked" });
  });
});
