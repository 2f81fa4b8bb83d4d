import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { ShiftedClock } from "../load/clocks/process-clock.ts";
import type { AppProcess } from "../load/environment/app-process.ts";
import { LoadEnvironment } from "../load/environment/load-environment.ts";

const JOB = "every_second";

let environment: LoadEnvironment;
beforeAll(async () => {
  environment = await LoadEnvironment.open();
});
afterAll(() => environment.close({ keep: false }));

interface Health {
  readonly healthy: boolean;
  readonly detail?: string;
  readonly clock: { readonly state: string; readonly aheadMs: number; readonly refusedTicks?: number };
}
const healthOf = (app: AppProcess) => app.call<Health>("GET", "api/jobs/health");
const whyOf = async (app: AppProcess) =>
  (await app.call<{ sentences: { code: string; text: string }[] }>("GET", `api/admin/jobs/${JOB}/why`)).body.sentences;

/** The slots that a process has run. */
const slotsOf = ({ pid }: AppProcess) =>
  environment.count(environment.sql`select count(*) from load.effects where pid = ${pid} and key like ${`${JOB} %`}`);
const moreSlotsOf = async (app: AppProcess, more: number) => {
  const before = await slotsOf(app);
  await environment.until(`${more} more slots`, async () => (await slotsOf(app)) >= before + more);
};
const alerts = () => environment.sql<{ body: string }[]>`
  select body from platform.notifications where type = 'process.clock_wrong'`;
const logged = (app: AppProcess, message: string) => app.logTail.split(message).length - 1;

it("a process with a wrong clock starts no slots and reports it, until its clock is right", async () => {
  const { sql, count, directory } = environment;
  const clock = new ShiftedClock(join(directory, "clock"));
  await clock.set(7_200_000);
  const settings = { LOG_LEVEL: "info" };
  const wrong = await environment.startApp({ clock, settings });
  const right = await environment.startApp({ settings });
  const fault = "The clock of this process is 2 h ahead of the database's clock";

  await environment.until("health is 503", async () => (await healthOf(wrong)).status === 503);
  const { body } = await healthOf(wrong);
  expect(body).toMatchObject({ healthy: false, database: "connected", clock: { state: "wrong" } });
  expect(body.detail).toBe(`${fault}: its timers start no slots until it is right`);
  expect(Math.abs(body.clock.aheadMs - 7_200_000)).toBeLessThan(30_000);
  expect((await whyOf(wrong)).find(({ code }) => code === "clock-wrong")?.text).toContain(fault);
  await environment.until("the operators are notified", async () => (await alerts()).length > 0);

  await moreSlotsOf(right, 4);
  expect(await healthOf(right)).toMatchObject({ status: 200, body: { healthy: true, clock: { state: "right" } } });
  expect((await whyOf(right)).map(({ code }) => code)).not.toContain("clock-wrong");
  const ticks = async () => (await healthOf(wrong)).body.clock.refusedTicks ?? 0;
  await environment.until("it has refused many ticks", async () => (await ticks()) >= 10);
  expect(await slotsOf(wrong)).toBe(0);
  expect(
    await count(sql`select count(*) from platform.job_runs where scheduled_for > now() + interval '2 seconds'`),
    "slots in the future",
  ).toBe(0);
  expect((await alerts()).map(({ body }) => body)).toEqual([
    expect.stringMatching(new RegExp(`^${fault} .*:${wrong.pid}:`)),
  ]);
  expect(logged(wrong, `${fault}; its timers start no slots until it is right`)).toBe(1);

  await clock.set(0);
  await right.stop();
  await moreSlotsOf(wrong, 3);
  expect(await healthOf(wrong)).toMatchObject({ status: 200, body: { clock: { state: "right" } } });
  expect((await whyOf(wrong)).map(({ code }) => code)).not.toContain("clock-wrong");
  expect(logged(wrong, "The clock of this process is right again; its timers start slots")).toBe(1);
  expect(await alerts()).toHaveLength(1);

  await clock.set(-45_000);
  await environment.until("health is 503 again", async () => (await healthOf(wrong)).status === 503);
  expect((await healthOf(wrong)).body.detail).toContain("is 45 s behind the database's clock");
  await clock.set(0);
  await moreSlotsOf(wrong, 1);
  expect((await healthOf(wrong)).status).toBe(200);
});
