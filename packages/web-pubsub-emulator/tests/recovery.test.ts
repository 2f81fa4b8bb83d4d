import { WebPubSubClient } from "@azure/web-pubsub-client";
import { expect, onTestFinished, test } from "vitest";
import { inbox, rawClient, startedEmulator, subscriber } from "./started-emulator.ts";

const RELIABLE = "json.reliable.webpubsub.azure.v1";

interface Connected {
  readonly connectionId: string;
  readonly reconnectionToken: string;
}

test("a client whose network breaks recovers the same connection and misses no message", async () => {
  const { emulator, rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken({ userId: "ann", groups: ["jobs"] })).url);
  await rest.group("jobs").sendToAll(1);
  await ann.received.upTo(1);
  emulator.drop();
  await rest.group("jobs").sendToAll(2);
  await rest.group("jobs").sendToAll(3);
  expect((await ann.received.upTo(3)).map(({ data }) => data)).toEqual([1, 2, 3]);
  expect(emulator.connections()).toMatchObject([{ id: ann.connectionId, isOpen: true }]);
});

test("messages around network breaks arrive once and in order", async () => {
  const { emulator, rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken({ groups: ["jobs"] })).url);
  for (let n = 0; n < 200; n++) {
    await rest.group("jobs").sendToAll(n);
    if (n % 67 === 66) emulator.drop();
  }
  expect((await ann.received.upTo(200)).map(({ data }) => data)).toEqual(Array.from({ length: 200 }, (_, n) => n));
});

test("a recovery sends only unacknowledged messages again", async () => {
  const { emulator, rest } = await startedEmulator();
  const { url } = await rest.getClientAccessToken({ groups: ["jobs"] });
  const first = await rawClient(url, RELIABLE);
  for (const n of [1, 2, 3]) await rest.group("jobs").sendToAll(n);
  const connected = JSON.parse(await first.frames.nth(1)) as Connected;
  const messages = (await first.frames.upTo(4)).slice(1).map((frame) => JSON.parse(frame) as { sequenceId: number });
  expect(messages.map(({ sequenceId }) => sequenceId)).toEqual([1, 2, 3]);
  first.socket.send('{"type":"sequenceAck","sequenceId":2}');
  first.socket.send('{"type":"ping"}');
  await first.frames.upTo(5);
  emulator.drop();
  await first.closed;

  const again = await rawClient(recoveryUrl(url, connected), RELIABLE);
  expect(JSON.parse(await again.frames.nth(1))).toMatchObject({ event: "connected", ...connected });
  expect(JSON.parse(await again.frames.nth(2))).toMatchObject({ sequenceId: 3, data: 3 });
});

test("a recovery before the old socket closes replaces that socket", async () => {
  const { emulator, rest } = await startedEmulator();
  const { url } = await rest.getClientAccessToken({ groups: ["jobs"] });
  const first = await rawClient(url, RELIABLE);
  const connected = JSON.parse(await first.frames.nth(1)) as Connected;
  const again = await rawClient(recoveryUrl(url, connected), RELIABLE);
  await first.closed;
  await rest.group("jobs").sendToAll("x");
  await again.frames.upTo(2);
  expect(emulator.connections()).toMatchObject([{ id: connected.connectionId, isOpen: true }]);
});

test("a recovery needs no access token, and refuses a wrong reconnection token", async () => {
  const { emulator, rest } = await startedEmulator();
  const { url, baseUrl } = await rest.getClientAccessToken();
  const first = await rawClient(url, RELIABLE);
  const connected = JSON.parse(await first.frames.nth(1)) as Connected;
  emulator.drop();
  await first.closed;
  const forged = await rawClient(recoveryUrl(baseUrl, { ...connected, reconnectionToken: "guess" }), RELIABLE);
  expect(await forged.closed).toEqual({ code: 1008, reason: "The connection cannot be recovered." });
  const again = await rawClient(recoveryUrl(baseUrl, connected), RELIABLE);
  expect(JSON.parse(await again.frames.nth(1))).toMatchObject(connected);
});

test("a connection ends with its recovery window, and a later recovery gets 1008", async () => {
  let offset = 0;
  const { emulator, rest } = await startedEmulator({ clock: () => Date.now() + offset });
  const { url } = await rest.getClientAccessToken({ userId: "ann", groups: ["jobs"] });
  const first = await rawClient(url, RELIABLE);
  const connected = JSON.parse(await first.frames.nth(1)) as Connected;
  emulator.drop();
  await first.closed;
  expect(emulator.connections()).toMatchObject([{ userId: "ann", isOpen: false }]);
  offset = 30_000;
  emulator.expireConnections();
  expect(emulator.connections()).toEqual([]);
  const late = await rawClient(recoveryUrl(url, connected), RELIABLE);
  expect((await late.closed).code).toBe(1008);
});

test("a connection ends when it has too many unacknowledged messages", async () => {
  const { rest } = await startedEmulator({ limits: { unacknowledgedMessages: 3 } });
  const { frames, closed } = await rawClient((await rest.getClientAccessToken({ groups: ["jobs"] })).url, RELIABLE);
  await frames.upTo(1);
  for (const n of [1, 2, 3, 4]) await rest.group("jobs").sendToAll(n);
  expect(await closed).toEqual({ code: 1008, reason: "too many unacknowledged messages: 4" });
});

test("a connection of the plain subprotocol ends with its socket", async () => {
  const { emulator, rest } = await startedEmulator();
  const { frames, closed } = await rawClient((await rest.getClientAccessToken()).url, "json.webpubsub.azure.v1");
  await frames.upTo(1);
  emulator.drop();
  await closed;
  expect(await rest.userExists("ann")).toBe(false);
  expect(emulator.connections()).toEqual([]);
});

test("a client connects with a new URL after the emulator restarts", async () => {
  const { emulator, rest } = await startedEmulator({ accessKey: "key" });
  let negotiated = 0;
  const url = async () => {
    negotiated += 1;
    return (await rest.getClientAccessToken({ groups: ["jobs"] })).url;
  };
  const client = new WebPubSubClient({ getClientAccessUrl: url }, { reconnectRetryOptions: { retryDelayInMs: 20 } });
  const connected = inbox<string>();
  const received = inbox<unknown>();
  client.on("connected", ({ connectionId }) => {
    connected.put(connectionId);
  });
  client.on("group-message", ({ message: { data } }) => {
    received.put(data);
  });
  onTestFinished(() => {
    client.stop();
  });
  await client.start();
  await connected.upTo(1);
  await emulator.stop();
  await startedEmulator({ accessKey: "key", port: emulator.port });
  const [before, after] = await connected.upTo(2);
  expect(after).not.toBe(before);
  await rest.group("jobs").sendToAll("after");
  expect(await received.upTo(1)).toEqual(["after"]);
  expect(negotiated).toBe(2);
});

function recoveryUrl(url: string, { connectionId, reconnectionToken }: Connected): string {
  const recovery = new URL(url);
  recovery.searchParams.set("awps_connection_id", connectionId);
  recovery.searchParams.set("awps_reconnection_token", reconnectionToken);
  return recovery.href;
}
