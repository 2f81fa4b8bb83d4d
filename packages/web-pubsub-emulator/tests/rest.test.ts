import { AzureKeyCredential, WebPubSubServiceClient } from "@azure/web-pubsub";
import { expect, test } from "vitest";
import { signToken } from "../src/token.ts";
import { rawClient, restClient, startedEmulator, subscriber } from "./started-emulator.ts";

test("a message reaches all, a group, a user or a connection", async () => {
  const { rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken({ userId: "ann", groups: ["jobs"] })).url);
  const bob = await subscriber((await rest.getClientAccessToken({ userId: "bob" })).url);

  await rest.sendToUser("bob", { to: "user" });
  await rest.group("jobs").sendToAll({ to: "group" });
  await rest.sendToConnection(bob.connectionId, { to: "connection" });
  await rest.sendToAll({ to: "all" });

  expect(await ann.received.upTo(2)).toEqual([
    { group: "jobs", data: { to: "group" } },
    { group: undefined, data: { to: "all" } },
  ]);
  expect(await bob.received.upTo(3)).toEqual([
    { group: undefined, data: { to: "user" } },
    { group: undefined, data: { to: "connection" } },
    { group: undefined, data: { to: "all" } },
  ]);
});

test("text, JSON and bytes keep their type", async () => {
  const { rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken()).url);
  await rest.sendToAll("plain é", { contentType: "text/plain" });
  await rest.sendToAll("a JSON text");
  await rest.sendToAll(new Uint8Array([0, 255]).buffer);
  const [text, json, bytes] = (await ann.received.upTo(3)).map(({ data }) => data);
  expect([text, json]).toEqual(["plain é", "a JSON text"]);
  expect([...new Uint8Array(bytes as ArrayBuffer)]).toEqual([0, 255]);
});

test("a client without subprotocol receives only the content", async () => {
  const { rest } = await startedEmulator();
  const { frames } = await rawClient((await rest.getClientAccessToken({ groups: ["jobs"] })).url);
  await rest.group("jobs").sendToAll({ n: 1 });
  await rest.sendToAll("hello", { contentType: "text/plain" });
  expect(await frames.upTo(2)).toEqual(['{"n":1}', "hello"]);
});

test("a filter and excluded connections limit the receivers of a message", async () => {
  const { rest } = await startedEmulator();
  const ann = await subscriber((await rest.getClientAccessToken({ userId: "ann", groups: ["muted"] })).url);
  const bob = await subscriber((await rest.getClientAccessToken({ userId: "bob" })).url);
  await rest.sendToAll("no", { filter: "not ('muted' in groups)" });
  await rest.sendToAll("no", { excludedConnections: [ann.connectionId] });
  await rest.sendToAll("yes");
  expect((await bob.received.upTo(3)).map(({ data }) => data)).toEqual(["no", "no", "yes"]);
  expect((await ann.received.upTo(1)).map(({ data }) => data)).toEqual(["yes"]);
  await expect(rest.sendToAll("x", { filter: "userId eq" })).rejects.toMatchObject({ statusCode: 400 });
});

test("connections, users and filtered connections join and leave groups", async () => {
  const { emulator, rest } = await startedEmulator();
  const { connectionId } = await subscriber((await rest.getClientAccessToken({ userId: "ann" })).url);
  const groups = () => emulator.connections().flatMap((connection) => connection.groups);
  const jobs = rest.group("jobs / all");

  await jobs.addConnection(connectionId);
  expect(groups()).toEqual(["jobs / all"]);
  expect(await rest.groupExists("jobs / all")).toBe(true);
  await jobs.removeConnection(connectionId);
  await jobs.addUser("ann");
  expect(groups()).toEqual(["jobs / all"]);
  await jobs.removeUser("ann");
  expect(await rest.groupExists("jobs / all")).toBe(false);
  await rest.addConnectionsToGroups(["a", "b", "c"], "userId eq 'ann'");
  await rest.removeConnectionsFromGroups(["b"], "true");
  expect(groups()).toEqual(["a", "c"]);
  await rest.removeConnectionFromAllGroups(connectionId);
  await rest.group("d").addUser("ann");
  await rest.removeUserFromAllGroups("ann");
  expect(groups()).toEqual([]);
  await expect(jobs.addConnection("missing")).rejects.toMatchObject({ statusCode: 404 });
});

test("the connections of a group are listed in pages", async () => {
  const { rest } = await startedEmulator();
  const ids = [];
  for (const userId of ["ann", "bob", "cid"]) {
    ids.push((await subscriber((await rest.getClientAccessToken({ userId, groups: ["jobs"] })).url)).connectionId);
  }
  const list = (options = {}) => rest.group("jobs").listConnections(options);
  const pages = [];
  for await (const page of (await list({ maxPageSize: 2 })).byPage()) pages.push(page);
  expect(pages.map((page) => page.length)).toEqual([2, 1]);
  expect(pages.flat().map(({ connectionId }) => connectionId)).toEqual(ids.toSorted());
  const two = [];
  for await (const member of await list({ top: 2 })) two.push(member.userId);
  expect(two).toHaveLength(2);
});

test("existence checks find what exists only", async () => {
  const { rest } = await startedEmulator();
  const { connectionId } = await subscriber((await rest.getClientAccessToken({ userId: "ann" })).url);
  expect(await rest.userExists("ann")).toBe(true);
  expect(await rest.connectionExists(connectionId)).toBe(true);
  expect(await rest.userExists("bob")).toBe(false);
  expect(await rest.connectionExists("missing")).toBe(false);
  expect(await rest.groupExists("jobs")).toBe(false);
});

test("a closed connection receives the reason and ends", async () => {
  const { rest } = await startedEmulator();
  const { frames, closed } = await rawClient(
    (await rest.getClientAccessToken({ userId: "ann" })).url,
    "json.webpubsub.azure.v1",
  );
  const { connectionId } = JSON.parse(await frames.nth(1)) as { connectionId: string };
  await rest.closeConnection(connectionId, { reason: "maintenance" });
  expect(await closed).toEqual({ code: 1000, reason: "maintenance" });
  expect(JSON.parse(await frames.nth(2))).toEqual({
    type: "system",
    event: "disconnected",
    message: "maintenance",
  });
  expect(await rest.userExists("ann")).toBe(false);
});

test("connections are closed by user, by group and all together", async () => {
  const { emulator, rest } = await startedEmulator();
  const open = async (userId: string) =>
    rawClient((await rest.getClientAccessToken({ userId, groups: [`${userId}s`] })).url);
  const [ann, bob, cid] = [await open("ann"), await open("bob"), await open("cid")];
  await rest.closeUserConnections("ann");
  await ann.closed;
  await rest.group("bobs").closeAllConnections();
  await bob.closed;
  expect(emulator.connections().map(({ userId }) => userId)).toEqual(["cid"]);
  await rest.closeAllConnections();
  await cid.closed;
  expect(emulator.connections()).toEqual([]);
});

test("a granted permission is effective, visible and revocable", async () => {
  const { rest } = await startedEmulator();
  const { client, connectionId } = await subscriber((await rest.getClientAccessToken()).url);
  const has = () => rest.hasPermission(connectionId, "joinLeaveGroup", { targetName: "jobs" });
  await expect(client.joinGroup("jobs")).rejects.toMatchObject({ errorDetail: { name: "Forbidden" } });
  expect(await has()).toBe(false);
  await rest.grantPermission(connectionId, "joinLeaveGroup", { targetName: "jobs" });
  expect(await has()).toBe(true);
  await client.joinGroup("jobs");
  await rest.revokePermission(connectionId, "joinLeaveGroup", { targetName: "jobs" });
  expect(await has()).toBe(false);
  await expect(client.leaveGroup("jobs")).rejects.toMatchObject({ errorDetail: { name: "Forbidden" } });
});

test("a request without token, or with a token of another key, gets 401", async () => {
  const { emulator } = await startedEmulator();
  const forger = new WebPubSubServiceClient(emulator.endpoint, new AzureKeyCredential("guess"), "rota", {
    allowInsecureConnection: true,
  });
  await expect(forger.sendToAll("x")).rejects.toMatchObject({ statusCode: 401, code: "Unauthorized" });
  const bare = await fetch(`${emulator.endpoint}/api/hubs/rota/:send?api-version=2024-12-01`, { method: "POST" });
  expect(bare.status).toBe(401);
  expect(bare.headers.get("www-authenticate")).toBe("Bearer");
});

test("a token is valid for one address and until its expiry", async () => {
  const start = Date.now();
  let offset = 0;
  const { emulator } = await startedEmulator({ accessKey: "key", clock: () => start + offset });
  const address = `${emulator.endpoint}/api/hubs/rota/:send`;
  const status = async (aud: string) => {
    const token = signToken({ aud, exp: Math.floor(start / 1_000) + 60 }, "key");
    const headers = { authorization: `Bearer ${token}`, "content-type": "text/plain" };
    return (await fetch(`${address}?api-version=2024-12-01`, { method: "POST", headers, body: "x" })).status;
  };
  expect(await status(address)).toBe(202);
  expect(await status(`${address}?api-version=2024-12-01`)).toBe(202);
  expect(await status(`${emulator.endpoint}/api/hubs/other/:send`)).toBe(401);
  expect(await status(`${emulator.endpoint}/client/hubs/rota`)).toBe(401);
  offset = 60_000;
  expect(await status(address)).toBe(401);
});

test("a message above the limit gets 413, and the emulator continues", async () => {
  const { rest } = await startedEmulator();
  await expect(rest.sendToAll("x".repeat(1_048_577), { contentType: "text/plain" })).rejects.toMatchObject({
    statusCode: 413,
  });
  await rest.sendToAll("x".repeat(1_048_576), { contentType: "text/plain" });
});

test("only the configured hubs exist, and hubs share nothing", async () => {
  const { emulator, rest } = await startedEmulator({ hubs: ["rota", "other"] });
  await subscriber((await rest.getClientAccessToken({ userId: "ann" })).url);
  expect(await restClient(emulator.connectionString, "other").userExists("ann")).toBe(false);
  await expect(restClient(emulator.connectionString, "third").sendToAll("x")).rejects.toMatchObject({
    statusCode: 404,
    message: "hub: expected one of rota, other, got third.",
  });
});

test.each([
  ["POST", "/api/hubs/rota/:send?api-version=1999-01-01", 400],
  ["POST", "/api/hubs/rota/:send", 400],
  ["POST", "/api/hubs/rota/:destroy?api-version=2024-12-01", 404],
  ["GET", "/api/hubs/rota/:send?api-version=2024-12-01", 404],
  ["HEAD", "/api/hubs/rota/groups/%E0%A4?api-version=2024-12-01", 400],
  ["HEAD", "/api/hubs/1bad/users/a?api-version=2024-12-01", 400],
  ["POST", "/api/hubs/rota/:send?api-version=2024-12-01&messageTtlSeconds=301", 400],
  ["POST", "/api/hubs/rota/:addToGroups?api-version=2024-12-01", 400],
])("%s %s gets %i", async (method, path, expected) => {
  const { emulator } = await startedEmulator({ accessKey: "key" });
  const address = `${emulator.endpoint}${path}`;
  const authorization = `Bearer ${signToken({ aud: address.replace(/\?.*/, ""), exp: Date.now() }, "key")}`;
  const headers = { authorization, "content-type": "application/json" };
  const response = await fetch(address, { method, headers, ...(method === "POST" && { body: "{}" }) });
  expect(response.status).toBe(expected);
  expect(response.headers.get("x-ms-error-code")).toBeTruthy();
});

test("the health check needs no token", async () => {
  const { emulator } = await startedEmulator();
  expect((await fetch(`${emulator.endpoint}/api/health`, { method: "HEAD" })).status).toBe(200);
});
