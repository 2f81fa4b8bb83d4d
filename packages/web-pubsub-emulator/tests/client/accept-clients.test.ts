import { once } from "node:events";
import { expect, test } from "vitest";
import { signToken } from "../../src/token.ts";
import { rawClient, refusalOf, startedEmulator, subscriber } from "../started-emulator.ts";

test("a client joins the groups of its token, and no others", async () => {
  const { rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken({ userId: "ann", groups: ["jobs", "alerts"] })).url);
  await rest.group("other").sendToAll("no");
  await rest.group("jobs").sendToAll("one");
  await rest.group("alerts").sendToAll("two");
  expect(await ann.received.upTo(2)).toEqual([
    { group: "jobs", data: "one" },
    { group: "alerts", data: "two" },
  ]);
});

test("a role allows a client to join, leave and send, only in its group", async () => {
  const { rest } = await startedEmulator();
  const roles = ["webpubsub.joinLeaveGroup.jobs", "webpubsub.sendToGroup.jobs"];
  const ann = await subscriber((await rest.getClientAccessToken({ userId: "ann", roles })).url);
  await ann.client.joinGroup("jobs");
  await ann.client.sendToGroup("jobs", { n: 1 }, "json");
  await ann.client.sendToGroup("jobs", "not for me", "text", { noEcho: true });
  await ann.client.sendToGroup("jobs", new Uint8Array([7]).buffer, "binary");
  expect(await ann.received.nth(1)).toEqual({ group: "jobs", data: { n: 1 } });
  const { data: bytes } = await ann.received.nth(2);
  expect([...new Uint8Array(bytes as ArrayBuffer)]).toEqual([7]);
  await ann.client.leaveGroup("jobs");
  expect(await rest.groupExists("jobs")).toBe(false);
  await expect(ann.client.joinGroup("other")).rejects.toMatchObject({ errorDetail: { name: "Forbidden" } });
  await expect(ann.client.sendToGroup("other", "x", "text")).rejects.toMatchObject({
    errorDetail: { name: "Forbidden" },
  });
});

test("a request with a processed ackId is not executed again and gets Duplicate", async () => {
  const { rest } = await startedEmulator();
  const token = { roles: ["webpubsub.sendToGroup"], groups: ["jobs"] };
  const ann = await subscriber((await rest.getClientAccessToken(token)).url);
  expect(await ann.client.sendToGroup("jobs", "once", "text", { ackId: 5 })).toMatchObject({ isDuplicated: false });
  expect(await ann.client.sendToGroup("jobs", "once", "text", { ackId: 5 })).toMatchObject({ isDuplicated: true });
  await rest.sendToAll("end");
  expect((await ann.received.upTo(2)).map(({ data }) => data)).toEqual(["once", "end"]);
});

test("an event is acknowledged, and an invocation fails", async () => {
  const { rest } = await startedEmulator();
  const { client } = await subscriber((await rest.getClientAccessToken()).url);
  expect(await client.sendEvent("clicked", { x: 1 }, "json")).toMatchObject({ isDuplicated: false });
  await expect(client.invokeEvent("clicked", "x", "text")).rejects.toMatchObject({
    errorDetail: { name: "InvocationFailed" },
  });
});

test("the plain JSON subprotocol sends connected, no sequence ids, and a pong", async () => {
  const { rest } = await startedEmulator();
  const { url } = await rest.getClientAccessToken({ userId: "ann", groups: ["jobs"] });
  const { socket, frames } = await rawClient(url, "json.webpubsub.azure.v1");
  await frames.upTo(1);
  await rest.group("jobs").sendToAll({ n: 1 });
  await frames.upTo(2);
  socket.send('{"type":"ping"}');
  const [connected, message, pong] = (await frames.upTo(3)).map((frame) => JSON.parse(frame) as object);
  expect(connected).toEqual({
    type: "system",
    event: "connected",
    userId: "ann",
    connectionId: expect.any(String) as string,
  });
  expect(message).toEqual({ type: "message", from: "group", group: "jobs", dataType: "json", data: { n: 1 } });
  expect(pong).toEqual({ type: "pong" });
});

test("JSON numbers keep their digits", async () => {
  const { emulator, rest } = await startedEmulator({ accessKey: "key" });
  const { frames } = await rawClient((await rest.getClientAccessToken()).url, "json.webpubsub.azure.v1");
  await frames.upTo(1);
  const address = `${emulator.endpoint}/api/hubs/rota/:send`;
  const authorization = `Bearer ${signToken({ aud: address, exp: Date.now() }, "key")}`;
  const headers = { authorization, "content-type": "application/json" };
  await fetch(`${address}?api-version=2024-12-01`, { method: "POST", headers, body: "12345678901234567890.10" });
  expect((await frames.upTo(2))[1]).toContain('"data":12345678901234567890.10}');
});

test("a client without subprotocol sends to its group if its roles allow it", async () => {
  const { rest } = await startedEmulator();
  const listener = await subscriber((await rest.getClientAccessToken({ groups: ["jobs"] })).url);
  const { url } = await rest.getClientAccessToken({ userId: "ann", roles: ["webpubsub.sendToGroup.jobs"] });
  const { socket } = await rawClient(`${url}&webpubsub_mode=sendToGroup&group=jobs`);
  socket.send("hello");
  expect(await listener.received.upTo(1)).toEqual([{ group: "jobs", data: "hello" }]);
  expect(await refusalOf(`${url}&webpubsub_mode=sendToGroup&group=other`)).toMatchObject({ status: 403 });
  expect(await refusalOf(`${url}&webpubsub_mode=sendToGroup`)).toMatchObject({ status: 400 });
});

test.each([
  ["no JSON", "Invalid frame: expected a JSON frame, got"],
  ["[1]", "Invalid frame: expected a JSON object, got [1]"],
  ['{"type":"dance"}', "Invalid frame: type: expected joinGroup"],
  ['{"type":"joinGroup"}', "Invalid frame: group: expected a string of 1 to 1024 characters, got nothing"],
  ['{"type":"joinGroup","group":"a","ackId":-1}', "Invalid frame: ackId: expected an integer of 0 or more, got -1"],
  ['{"type":"sendToGroup","group":"a","dataType":"text","data":1}', "Invalid frame: data: expected a string"],
  ['{"type":"sendToGroup","group":"a","dataType":"xml","data":"1"}', "Invalid frame: dataType: expected json"],
  ['{"type":"sendToGroup","group":"a"}', "Invalid frame: data: expected a value"],
  ['{"type":"sequenceAck","sequenceId":"x"}', "Invalid frame: sequenceId: expected an integer"],
])("the invalid frame %s ends the connection with 1007 and a reason", async (frame, reason) => {
  const { emulator, rest } = await startedEmulator();
  const { socket, closed } = await rawClient((await rest.getClientAccessToken()).url, "json.webpubsub.azure.v1");
  socket.send(frame);
  const end = await closed;
  expect(end.code).toBe(1007);
  expect(end.reason).toContain(reason);
  expect(emulator.connections()).toEqual([]);
});

test("a frame above the limit ends the connection with 1009", async () => {
  const { emulator, rest } = await startedEmulator();
  const { socket, closed } = await rawClient((await rest.getClientAccessToken()).url, "json.webpubsub.azure.v1");
  socket.send(" ".repeat(1_048_577));
  expect((await closed).code).toBe(1009);
  expect(emulator.connections()).toEqual([]);
});

test("a client whose token is forged, expired, for another hub or missing gets 401", async () => {
  const start = Date.now();
  let offset = 0;
  const { emulator } = await startedEmulator({ accessKey: "key", clock: () => start + offset });
  const aud = `${emulator.endpoint}/client/hubs/rota`;
  const exp = Math.floor(start / 1_000) + 60;
  const address = (token: string) => `${aud.replace("http", "ws")}?access_token=${token}`;
  const good = address(signToken({ aud, exp }, "key"));
  await rawClient(good);
  expect(await refusalOf(address(signToken({ aud, exp }, "guess")))).toMatchObject({
    status: 401,
    body: expect.stringContaining("signature is wrong") as string,
  });
  expect(await refusalOf(address(signToken({ aud: `${aud}x`, exp }, "key")))).toMatchObject({ status: 401 });
  expect(await refusalOf(aud.replace("http", "ws"))).toMatchObject({ status: 401 });
  offset = 60_000;
  expect(await refusalOf(good)).toMatchObject({ status: 401, body: expect.stringContaining("expired") as string });
});

test("an unknown path or subprotocol, or an invalid hub, gets an HTTP error", async () => {
  const { emulator, rest } = await startedEmulator({ hubs: ["rota"] });
  const { url } = await rest.getClientAccessToken();
  expect(await refusalOf(emulator.endpoint.replace("http", "ws") + "/socket")).toMatchObject({ status: 404 });
  expect(await refusalOf(url, "protobuf.webpubsub.azure.v1")).toMatchObject({ status: 400 });
  expect(await refusalOf(`${emulator.endpoint.replace("http", "ws")}/client/hubs/%E0%A4`)).toMatchObject({
    status: 400,
  });
});

test("the hub name can be in the query", async () => {
  const { emulator, rest } = await startedEmulator();
  const { url } = await rest.getClientAccessToken({ userId: "ann" });
  const token = new URL(url).searchParams.get("access_token") ?? "";
  await rawClient(`${emulator.endpoint.replace("http", "ws")}/client/?hub=rota&access_token=${token}`);
  expect(await rest.userExists("ann")).toBe(true);
});

test("a connection ends when its client stops", async () => {
  const { emulator, rest } = await startedEmulator();
  const left = Promise.withResolvers<undefined>();
  const { client } = await subscriber((await rest.getClientAccessToken({ userId: "ann" })).url);
  client.on("stopped", () => {
    left.resolve(undefined);
  });
  client.stop();
  await left.promise;
  expect(emulator.connections()).toEqual([]);
});

test("stopping the emulator drops its clients and frees its port", async () => {
  const { emulator, rest } = await startedEmulator();
  const { closed } = await rawClient((await rest.getClientAccessToken()).url);
  await emulator.stop();
  expect((await closed).code).toBe(1006);
  const { emulator: next } = await startedEmulator({ port: emulator.port });
  expect(next.port).toBe(emulator.port);
  await expect(startedEmulator({ port: emulator.port })).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("a client that does not read is dropped", async () => {
  const { emulator, rest } = await startedEmulator({ limits: { unsentBytes: 1_000_000 } });
  const { socket } = await rawClient((await rest.getClientAccessToken({ userId: "slow" })).url);
  const closed = once(socket, "close");
  socket.pause();
  const big = "x".repeat(1_000_000);
  while (emulator.connections().length > 0) await rest.sendToAll(big, { contentType: "text/plain" });
  socket.resume();
  await closed;
});
