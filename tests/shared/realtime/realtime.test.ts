import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import type { WebPubSubEmulator } from "@rota/web-pubsub-emulator";
import { expect, onTestFinished, test } from "vitest";
import type { LiveEvent } from "#realtime/live-event.ts";
import {
  nullRealtime,
  openRealtime,
  type Realtime,
  type RealtimeLimits,
  type RealtimeService,
} from "#realtime/realtime.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { connectedClient, type Inbox, inbox, refusalOf, startedEmulator } from "#support/web-pubsub.ts";
import { Log, type LogEntry } from "#telemetry/log.ts";
import { note, progress, stateChange } from "./sample-events.ts";

test("events reach the subscribers of their channel, in order, and no others", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  const jobs = await watcher(realtime, ["jobs"]);
  const both = await watcher(realtime, ["jobs", "system_notifications"]);
  const events = [stateChange("queued"), stateChange("running"), note("hello"), stateChange("succeeded")];
  await realtime.publish(events);
  const [queued, running, hello, succeeded] = events;
  expect(await jobs.upTo(3)).toEqual([queued, running, succeeded]);
  expect(new Set(await both.upTo(4))).toEqual(new Set([queued, running, hello, succeeded]));
});

test("many events are sent in few messages, in order and without loss", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  let messages = 0;
  const all = await watcher(realtime, ["system_notifications"], () => (messages += 1));
  const events = Array.from({ length: 2_000 }, (_, n) => note(String(n)));
  for (const event of events) await realtime.publish([event]);
  expect(await all.upTo(events.length)).toEqual(events);
  expect(messages).toBeLessThan(100);
  await realtime.close();
  expect(realtime.counts()).toEqual({ sent: 2_000, dropped: 0, waiting: 0, isDown: false });
});

test("a flood of progress is throttled, and its last event is sent before the end of the run", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator, { progressEveryMs: 60_000 });
  const jobs = await watcher(realtime, ["jobs"]);
  for (let done = 1; done <= 1_000; done++) await realtime.publish([progress(done)]);
  await realtime.publish([stateChange("succeeded")]);
  const [first, last, end] = await jobs.upTo(3);
  expect([first, last].map((event) => (event?.data as { done: number }).done)).toEqual([1, 1_000]);
  expect(end).toMatchObject({ type: "run.state_changed", data: { state: "succeeded" } });
});

test("the last progress is sent without a following event", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator, { progressEveryMs: 30 });
  const jobs = await watcher(realtime, ["jobs"]);
  await realtime.publish([progress(1), progress(2), progress(3)]);
  expect((await jobs.upTo(2)).map(({ data }) => (data as { done: number }).done)).toEqual([1, 3]);
});

test("a negotiated address receives its channels, and can neither join others nor send", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  const access = await realtime.negotiate({ userId: "ann", channels: ["jobs"], minutes: 5 });
  expect(access?.channels).toEqual(["jobs"]);
  const client = await connectedClient(async () => access?.url ?? "");
  expect(emulator.connections()).toMatchObject([{ hub: "rota", userId: "ann", groups: ["jobs"] }]);
  for (const attempt of [
    client.joinGroup("system_notifications"),
    client.sendToGroup("jobs", { forged: true }, "json"),
    client.sendToGroup("system_notifications", "x", "text"),
  ]) {
    await expect(attempt).rejects.toMatchObject({ errorDetail: { name: "Forbidden" } });
  }
});

test("a negotiated address is valid for its minutes, and not after a change", async () => {
  let ahead = 0;
  const emulator = await startedEmulator({ clock: () => Date.now() + ahead });
  const { realtime } = opened(emulator);
  const { url = "" } = (await realtime.negotiate({ userId: "ann", channels: ["jobs"], minutes: 1 })) ?? {};
  const [head = "", payload = "", signature = ""] = url.split(".").slice(-3);
  const forged = Buffer.from(payload, "base64url").toString().replace('"jobs"', '"all"');
  const changed = [head, Buffer.from(forged).toString("base64url"), signature].join(".");
  expect(await refusalOf(url.slice(0, url.lastIndexOf(head)) + changed)).toMatchObject({ status: 401 });
  await connectedClient(url);
  ahead = 60_000;
  expect(await refusalOf(url)).toMatchObject({ status: 401, body: expect.stringContaining("expired") as string });
});

test("a subscriber with a broken connection misses nothing", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  const all = await watcher(realtime, ["system_notifications"]);
  const [before, meanwhile] = [note("before"), note("meanwhile")];
  await realtime.publish([before]);
  await all.upTo(1);
  emulator.drop();
  await realtime.publish([meanwhile]);
  expect(await all.upTo(2)).toEqual([before, meanwhile]);
});

test("an outage of the service costs a job nothing and the log two lines, and the buffered events arrive", async () => {
  const emulator = await startedEmulator({ accessKey: "key" });
  const { realtime, log } = opened(emulator, { retryFirstMs: 20, retryLongestMs: 50, bufferedEvents: 5 });
  await emulator.stop();
  const events = Array.from({ length: 20 }, (_, n) => note(String(n)));
  await realtime.publish(events);
  expect(await log.nth(1)).toMatchObject({
    level: "warn",
    message: expect.stringContaining("jobs run without them") as string,
  });
  await realtime.publish([progress(1)]);
  expect(realtime.counts()).toMatchObject({ sent: 0, dropped: 16, waiting: 5, isDown: true });

  const back = await startedEmulator({ accessKey: "key", port: emulator.port });
  expect(await log.nth(2)).toMatchObject({
    level: "info",
    message: "Live events reach Web PubSub again",
    fields: { dropped: 1 },
  });
  const all = await watcher(realtime, ["system_notifications"]);
  const later = note("later");
  await realtime.publish([later]);
  expect(await all.upTo(1)).toEqual([later]);
  await realtime.close();
  expect(realtime.counts()).toEqual({ sent: 6, dropped: 16, waiting: 0, isDown: false });
  expect(back.connections()).toHaveLength(1);
  expect(log.all).toHaveLength(2);
});

test("a request without an answer fails after the timeout", async () => {
  const silent = createServer(() => undefined).listen(0, "127.0.0.1");
  await once(silent, "listening");
  onTestFinished(() => void silent.close());
  const { port } = silent.address() as { port: number };
  const connectionString = `Endpoint=http://127.0.0.1;Port=${port};AccessKey=key;Version=1.0;`;
  const { realtime, log } = opened({ connectionString }, { timeoutMs: 50 });
  await realtime.publish([note("a")]);
  expect(await log.nth(1)).toMatchObject({ level: "warn" });
  expect(realtime.counts()).toMatchObject({ waiting: 1, isDown: true });
  await realtime.close(0);
  expect(realtime.counts()).toMatchObject({ waiting: 0, dropped: 1 });
});

test("only the refused event is dropped", async () => {
  const emulator = await startedEmulator({ limits: { messageBytes: 3_000 } });
  const { realtime, log } = opened(emulator);
  const all = await watcher(realtime, ["system_notifications"]);
  const [first, large, last] = [note("first"), note("x".repeat(4_000)), note("last")];
  await realtime.publish([first, large, last]);
  expect(await all.upTo(2)).toEqual([first, last]);
  expect(await log.nth(1)).toMatchObject({ level: "warn", fields: { type: "note.written", event: large.id } });
  await realtime.close();
  expect(realtime.counts()).toEqual({ sent: 2, dropped: 1, waiting: 0, isDown: false });
});

test("a series of refusals is logged once", async () => {
  const emulator = await startedEmulator({ limits: { messageBytes: 10 } });
  const { realtime, log } = opened(emulator);
  await realtime.publish([note("1"), note("2"), note("3")]);
  await realtime.close();
  expect(realtime.counts()).toEqual({ sent: 0, dropped: 3, waiting: 0, isDown: false });
  expect(log.all).toHaveLength(1);
});

test("an event that is too large arrives truncated, and is marked", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  const all = await watcher(realtime, ["system_notifications"]);
  await realtime.publish([note("x".repeat(1_100_000))]);
  const [cut] = await all.upTo(1);
  expect(cut).toMatchObject({ truncated: true });
  expect((cut?.data as { text: string }).text).toMatch(/^x{4096}…$/);
});

test("a wrong key is logged once, with advice", async () => {
  const emulator = await startedEmulator();
  const connectionString = emulator.connectionString.replace(/AccessKey=[^;]+/, "AccessKey=wrong");
  const { realtime, log } = opened({ connectionString });
  await realtime.publish([note("a")]);
  const { message } = await log.nth(1);
  expect(message).toContain("The key in WEB_PUBSUB is not this service's");
});

test("held events are sent at the end, and later ones are dropped", async () => {
  const emulator = await startedEmulator();
  const { realtime } = opened(emulator);
  const jobs = await watcher(realtime, ["jobs"]);
  await realtime.publish([progress(1), progress(2)]);
  await realtime.close();
  expect((await jobs.upTo(2)).map(({ data }) => (data as { done: number }).done)).toEqual([1, 2]);
  await realtime.publish([note("late")]);
  expect(realtime.counts()).toEqual({ sent: 2, dropped: 1, waiting: 0, isDown: false });
});

test("an identity in place of a key publishes and negotiates, over TLS", async (context) => {
  const tls = await certificate();
  if (!tls) context.skip("openssl is not on this machine: no certificate for a service with TLS");
  else {
    const before = getCACertificates("default");
    setDefaultCACertificates([...before, tls.cert]);
    onTestFinished(() => {
      setDefaultCACertificates(before);
    });
    const emulator = await startedEmulator({ tls, acceptToken: (token) => token === "from Entra" });
    const getToken = async (scopes: string | string[]) => {
      expect(scopes).toEqual(["https://webpubsub.azure.com/.default"]);
      return { token: "from Entra", expiresOnTimestamp: Date.now() + 3_600_000 };
    };
    const { realtime } = opened({ endpoint: emulator.endpoint, credential: { getToken } });
    const jobs = await watcher(realtime, ["jobs"]);
    expect(emulator.connections()).toMatchObject([{ userId: "watcher", groups: ["jobs"] }]);
    const event = stateChange("running");
    await realtime.publish([event]);
    expect(await jobs.upTo(1)).toEqual([event]);
  }
});

test.each([
  [{ connectionString: "" }, "WEB_PUBSUB: expected Endpoint=https://….webpubsub.azure.com;AccessKey=…"],
  [{ connectionString: "Endpoint=https://a.webpubsub.azure.com;Version=1.0" }, "not shown without AccessKey"],
  [{ connectionString: "Endpoint=http://a.webpubsub.azure.com;AccessKey=k" }, 'got "http://a.webpubsub.azure.com"'],
  [
    { endpoint: "a.webpubsub.azure.com", credential: { getToken: async () => null } },
    "WEB_PUBSUB__endpoint: expected an https address",
  ],
  [{ connectionString: "Endpoint=https://a;AccessKey=k", hub: "1 hub" }, "WEB_PUBSUB_HUB: expected a letter"],
])("settings that cannot be right are refused at once: %j", (service, message) => {
  expect(() => openRealtime({ hub: "rota", log: new Log(() => undefined), ...service })).toThrow(message);
});

test.each([
  [{ userId: " " }, "userId: expected the id of a subscriber"],
  [{ channels: [] }, "channels: expected at least one"],
  [{ channels: ["jobs", "Every Thing"] }, 'got "Every Thing"'],
  [{ minutes: 0 }, "minutes: expected a whole number from 1 to 1440, got 0"],
  [{ minutes: 1.5 }, "minutes: expected a whole number from 1 to 1440, got 1.5"],
])("a wish that makes no sense is refused by the name of its field: %j", async (change, message) => {
  const { realtime } = opened({ connectionString: "Endpoint=https://a;AccessKey=k" });
  await expect(realtime.negotiate({ userId: "ann", channels: ["jobs"], minutes: 5, ...change })).rejects.toThrow(
    message,
  );
});

test("without a service, events are dropped and negotiate returns undefined", async () => {
  await nullRealtime.publish([note("a")]);
  expect(await nullRealtime.negotiate({ userId: "ann", channels: ["jobs"], minutes: 5 })).toBeUndefined();
  await nullRealtime.close();
});

test("no SDK loads before the first event", () => {
  const script = `
    import { registerHooks } from "node:module";
    const azure = [];
    registerHooks({ resolve(name, context, next) { if (name.startsWith("@azure/")) azure.push(name); return next(name, context); } });
    const { openRealtime } = await import(${JSON.stringify(new URL("../../../shared/realtime/realtime.ts", import.meta.url).href)});
    const log = { info() {}, warn() {} };
    const realtime = openRealtime({ connectionString: "Endpoint=https://a;AccessKey=k", hub: "rota", log });
    const before = azure.length;
    await realtime.negotiate({ userId: "ann", channels: ["jobs"], minutes: 5 });
    console.log(JSON.stringify([before, azure.includes("@azure/web-pubsub")]));`;
  const output = execFileSync(process.execPath, ["--input-type=module", "-e", script], { encoding: "utf8" });
  expect(JSON.parse(output)).toEqual([0, true]);
});

/** A live channel to a service, with its log. It is closed with the test. */
function opened(
  service: WebPubSubEmulator | RealtimeService,
  limits: Partial<RealtimeLimits> = {},
): { realtime: Realtime; log: Inbox<LogEntry> } {
  const log = inbox<LogEntry>();
  const realtime = openRealtime({
    ...("endpoint" in service && "credential" in service ? service : { connectionString: service.connectionString }),
    hub: "rota",
    log: new Log((entry) => {
      log.put(entry);
    }),
    limits,
  });
  onTestFinished(() => realtime.close(0));
  return { realtime, log };
}

/** All events that a watcher of these channels gets, one by one. */
async function watcher(
  realtime: Realtime,
  channels: readonly string[],
  onMessage: () => void = () => undefined,
): Promise<Inbox<LiveEvent>> {
  const client = await connectedClient(async () => {
    const access = await realtime.negotiate({ userId: "watcher", channels, minutes: 5 });
    return access?.url ?? "";
  });
  const events = inbox<LiveEvent>();
  client.on("group-message", ({ message }) => {
    onMessage();
    for (const event of message.data as unknown as readonly LiveEvent[]) events.put(event);
  });
  return events;
}

/** Where it is not on this machine, the one test that needs it is skipped. */
const OPENSSL = "openssl";

/** A certificate for 127.0.0.1 that lives as long as the test. */
async function certificate(): Promise<{ key: string; cert: string } | undefined> {
  const directory = await temporaryDirectory();
  const [key, cert] = [join(directory, "key.pem"), join(directory, "cert.pem")];
  try {
    const subject = ["-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"];
    const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
    execFileSync(OPENSSL, ["req", ...kind, ...subject, "-keyout", key, "-out", cert], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
}
