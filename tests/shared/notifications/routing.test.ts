import { describe, expect, it } from "vitest";
import { reachKey, type RoutingFacts } from "#data/platform/new-notifications.ts";
import { type ChannelName, CHANNELS, DIGEST_TYPE, SEVERITIES } from "#notifications/notification.ts";
import { type Routed, routeOf } from "#notifications/routing.ts";

const ALL: ReadonlySet<ChannelName> = new Set(CHANNELS);
const open: RoutingFacts = {
  muted: new Set(),
  quiet: new Map(),
  reachable: new Set(CHANNELS.map((channel) => reachKey("user:1", channel))),
};
const quiet = { ...open, quiet: new Map([["tasks", "quiet hours until 07:00 UTC"]]) };
const about = (given: Partial<Routed>): Routed => ({
  recipient: "user:1",
  family: "tasks",
  severity: "INFO",
  type: "task.reminder",
  ...given,
});

describe("without channels, the severity decides", () => {
  it.each([
    ["SEV0", ["web", "voice"], true],
    ["SEV1", ["web", "sms"], true],
    ["WARN", ["web"], false],
    ["INFO", ["web"], false],
  ] as const)("%s goes to %j", (severity, channels, needsRun) => {
    expect(routeOf(about({ severity }), ALL, open)).toMatchObject({ channels, needsRun });
  });

  it("WARN and INFO are in the app at once and wait for the next digest; SEV0 and SEV1 do not wait", () => {
    const waits = SEVERITIES.map((severity) => [severity, routeOf(about({ severity }), ALL, open).isDeferred]);
    expect(Object.fromEntries(waits)).toEqual({ INFO: true, WARN: true, SEV1: false, SEV0: false });
    expect(routeOf(about({}), ALL, open)).toMatchObject({ state: "sent" });
  });
});

describe("in quiet hours", () => {
  it.each(["INFO", "WARN"] as const)("%s waits for the digest, and is in the app", (severity) => {
    const route = routeOf(about({ severity, channels: ["web", "email"] }), ALL, quiet);
    expect(route).toMatchObject({ state: "sent", isDeferred: true, needsRun: false });
    expect(route.settled).toEqual([
      { channel: "web", state: "sent", reason: null },
      { channel: "email", state: "deferred", reason: "quiet hours until 07:00 UTC: in the next digest" },
    ]);
  });

  it("a notification without the app's channel is pending until then", () => {
    expect(routeOf(about({ channels: ["email"] }), ALL, quiet)).toMatchObject({
      state: "pending",
      isDeferred: true,
      needsRun: false,
      reason: "quiet hours until 07:00 UTC: in the next digest",
    });
  });

  it.each(["SEV0", "SEV1"] as const)("%s is sent at once", (severity) => {
    expect(routeOf(about({ severity }), ALL, quiet)).toMatchObject({ state: "pending", needsRun: true });
  });

  it("the digest is sent, and the quiet hours of another family do not apply", () => {
    expect(routeOf(about({ type: DIGEST_TYPE, channels: ["email"] }), ALL, quiet).needsRun).toBe(true);
    expect(routeOf(about({ family: "portfolio", channels: ["email"] }), ALL, quiet).needsRun).toBe(true);
  });
});

describe("nothing is sent", () => {
  it("to anyone while messages to people are switched off, however urgent", () => {
    const facts = { ...open, muted: new Set(["tasks"]) };
    for (const severity of SEVERITIES) {
      expect(routeOf(about({ severity }), ALL, facts)).toMatchObject({
        state: "suppressed",
        reason: "comms disabled",
        needsRun: false,
        isDeferred: false,
      });
    }
  });

  it("through a channel that is not configured", () => {
    const route = routeOf(about({ channels: ["email"] }), new Set(["web"]), open);
    expect(route).toMatchObject({ state: "suppressed", reason: "channel not configured" });
  });

  it("to a recipient who is not on the allow-list of the channel", () => {
    const facts = { ...open, reachable: new Set([reachKey("user:1", "email"), reachKey("user:2", "sms")]) };
    const route = routeOf(about({ channels: ["sms", "email"] }), ALL, facts);
    expect(route).toMatchObject({ state: "pending", needsRun: true });
    expect(route.settled).toEqual([{ channel: "sms", state: "suppressed", reason: "not on the allow-list" }]);
  });
});

it("the app and the back office need no allow-list", () => {
  const facts = { ...open, reachable: new Set<string>() };
  expect(routeOf(about({ channels: ["web", "webhook"] }), ALL, facts)).toMatchObject({
    state: "pending",
    needsRun: true,
    settled: [{ channel: "web", state: "sent", reason: null }],
  });
});
