import { describe, expect, it } from "vitest";
import { startHost, writeApp } from "./host-harness.ts";

const HANG = "await new Promise(() => {});";
const appThat = (ending: string) => `
import { app } from "@azure/functions";
app.timer("everyMinute", { schedule: "%WHEN%", handler: async (timer, context) => {
  context.log("ran " + JSON.stringify(timer));
  ${ending}
} });
app.timer("switchedOff", { schedule: "0 * * * * *", handler: (_, context) => context.log("off ran") });
app.timer("failing", { schedule: "0 * * * * *", handler: () => { throw new Error("timer detail"); } });
app.timer("everySecond", { schedule: "* * * * * *", useMonitor: true, handler: (timer, context) => context.log("second " + timer.scheduleStatus) });
`;
const settings = { WHEN: "0 * * * * *", "AzureWebJobs.switchedOff.Disabled": "1" };
const tick = (line: { message: string }) => JSON.parse(line.message.replace(/^ran /, "")) as Record<string, unknown>;

describe("Timers on the host", () => {
  it("get their schedule from a setting, and their status in Azure's format", async () => {
    const app = await writeApp(appThat(""));
    const host = await startHost(app, { settings, now: "2026-01-01T00:00:30Z" });
    expect(host.functions.find(({ name }) => name === "everyMinute")).toMatchObject({
      trigger: "timer",
      schedule: "0 * * * * *",
    });
    await host.moveTo("2026-01-01T00:01:00Z");
    expect(tick(await host.line("ran "))).toEqual({
      isPastDue: false,
      schedule: { adjustForDST: true },
      scheduleStatus: {
        last: "0001-01-01T00:00:00+00:00",
        next: "2026-01-01T00:01:00.000Z",
        lastUpdated: "2026-01-01T00:00:30.000Z",
      },
    });
    expect(await host.line("second ")).toMatchObject({ message: "second null" });
    await host.line("timer detail");
    await host.stop();
    expect(await app.timerStatus("everyMinute")).toEqual({
      Last: "2026-01-01T00:01:00.000Z",
      Next: "2026-01-01T00:02:00.000Z",
      LastUpdated: "2026-01-01T00:01:00.000Z",
    });
    expect(await app.timerStatus("failing")).toMatchObject({ Next: "2026-01-01T00:02:00.000Z" });
    await expect(app.timerStatus("everySecond")).rejects.toThrow("ENOENT");
    expect(host.lines.map(({ message }) => message)).not.toContain("off ran");
  });

  it("fire once, past due, after a kill of the host during a run", async () => {
    const app = await writeApp(appThat(HANG));
    const killed = await startHost(app, { settings, now: "2026-01-01T00:00:30Z" });
    await killed.moveTo("2026-01-01T00:01:00Z");
    await killed.line("ran ");
    await killed.kill();
    expect(await app.timerStatus("everyMinute")).toMatchObject({ Next: "2026-01-01T00:01:00.000Z" });

    await app.write("main.js", appThat(""));
    const next = await startHost(app, { settings, now: "2026-01-01T00:05:30Z" });
    expect(tick(await next.line("ran "))).toMatchObject({
      isPastDue: true,
      scheduleStatus: { next: "2026-01-01T00:01:00.000Z" },
    });
    await next.moveTo("2026-01-01T00:06:00Z");
    expect(tick(await next.line("ran "))).toMatchObject({
      isPastDue: false,
      scheduleStatus: { next: "2026-01-01T00:06:00.000Z" },
    });
    await next.stop();
    expect(next.lines.filter(({ message }) => message.startsWith("ran "))).toHaveLength(2);
  });

  it("fire in every process with the same state directory", async () => {
    const app = await writeApp(appThat(""));
    const hosts = await Promise.all([1, 2].map(() => startHost(app, { settings, now: "2026-01-01T00:00:30Z" })));
    for (const minute of ["01", "02", "03"]) {
      await Promise.all(hosts.map((host) => host.moveTo(`2026-01-01T00:${minute}:00Z`)));
      await Promise.all(hosts.map((host) => host.line("ran ")));
    }
    await Promise.all(hosts.map((host) => host.stop()));
    expect(await app.timerStatus("everyMinute")).toMatchObject({ Next: "2026-01-01T00:04:00.000Z" });
  });

  it("can be invoked by name", async () => {
    const host = await startHost(await writeApp(appThat("")), { settings, now: "2026-01-01T00:00:30Z" });
    await host.invokeTimer("everyMinute");
    expect(tick(await host.line("ran "))).toMatchObject({ isPastDue: false });
    await expect(host.invokeTimer("failing")).rejects.toThrow('Function "failing" failed: timer detail');
    await expect(host.invokeTimer("switchedOff")).rejects.toThrow('No timer function "switchedOff" runs here.');
  });

  it("use the system clock by default", async () => {
    const host = await startHost(await writeApp(appThat("")), { settings });
    const first = await host.line("second ");
    const second = await host.line("second ");
    expect(new Date(second.at).getTime() - new Date(first.at).getTime()).toBeGreaterThan(0);
  });
});
