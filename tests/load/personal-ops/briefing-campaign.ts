import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "drizzle-orm";
import { connect } from "#data/client.ts";
import { startFakeTelegram } from "#local/providers/fake-telegram.ts";
import { startFakeTwilio } from "#local/providers/fake-twilio.ts";
import { addDays } from "#rules/civil-date.ts";
import { nextOccurrence, schedule } from "#schedule/index.ts";

export type Order =
  | { readonly kind: "tick"; readonly at: string; readonly job: "daily_digest" | "morning_call" }
  /** Take over expired runs, and execute the due ones. */
  | { readonly kind: "due"; readonly at: string };

export interface CampaignResult {
  readonly days: number;
  readonly kills: number;
  /** Messages that reached the person, by kind and local day. */
  readonly received: ReadonlyMap<string, number>;
  readonly openRuns: number;
}

export interface CampaignSize {
  readonly days: number;
  /** Processes at the start. Default 4. */
  readonly processes?: number;
  /** Processes after a kill. Default: as many as at the start. */
  readonly replacements?: number;
}

const ZONE = "America/Chicago";
const SLOTS = { morning_call: schedule("0 0 6 * * *", ZONE), daily_digest: schedule("0 0 8 * * *", ZONE) };

/**
 * Several processes tick, request and retry the digest and the call of many days, both changes of the clocks among
 * them. On every third day of a job, all of them are killed with kill -9 while a provider has accepted the message and
 * has not answered.
 */
export async function runBriefings(
  databaseUrl: string,
  { days, processes = 4, replacements = processes }: CampaignSize,
): Promise<CampaignResult> {
  const [telegram, twilio] = await Promise.all([startFakeTelegram(), startFakeTwilio()]);
  const db = connect({ url: databaseUrl, poolMax: 2, idleMs: 60_000, tls: "disable", prepare: true });
  await db.execute(sql`
    insert into platform.communication_allowlist
    values ('user:owner', 'chatbot', '4711', 'a campaign', now()), ('user:owner', 'voice', '+15005550009', 'a campaign', now())`);
  const settings = JSON.stringify({
    TELEGRAM_BASE_URL: telegram.origin,
    TELEGRAM_BOT_TOKEN: telegram.token,
    TWILIO_BASE_URL: twilio.origin,
    TWILIO_ACCOUNT_SID: twilio.accountSid,
    TWILIO_AUTH_TOKEN: twilio.authToken,
    TWILIO_FROM: "+15005550006",
    OUTBOUND_TIMEOUT: "1m",
  });
  const start = (count: number) => Promise.all(Array.from({ length: count }, () => startApp(databaseUrl, settings)));
  let kills = 0;
  let apps = await start(processes);
  try {
    for (const [number, day] of daysOf(days).entries()) {
      for (const job of ["morning_call", "daily_digest"] as const) {
        // Midnight in UTC is the evening before in Chicago.
        const at = nextOccurrence(SLOTS[job], new Date(`${day}T00:00:00Z`))!;
        const provider = job === "morning_call" ? twilio : telegram;
        const isKilled = number % 3 === (job === "morning_call" ? 1 : 2);
        if (isKilled) provider.fail({ kind: "hang", times: 1 });
        const before = provider.sent.length;
        const ticked = apps.map((app) => app.obey({ kind: "tick", at: at.toISOString(), job }));
        if (isKilled) {
          while (provider.sent.length === before) await sleep(5);
          await Promise.all(apps.map((app) => app.kill()));
          kills += apps.length;
          apps = await start(replacements);
        }
        await Promise.allSettled(ticked);
        await untilNoRunIsOpen(at);
      }
    }
    const received = new Map<string, number>();
    const count = (kind: string, at: string) => {
      const key = `${kind} ${at}`;
      received.set(key, (received.get(key) ?? 0) + 1);
    };
    for (const { text } of telegram.sent) count(text.split(",")[0]!, text.slice(text.indexOf(",") + 2).slice(0, 10));
    const dated = await db.execute<{ day: string; body: string }>(
      sql`select data ->> 'day' as day, body from platform.notifications where type = 'personal_ops.call'`,
    );
    for (const { content } of twilio.sent) {
      // The script names its day: "Tuesday, December first".
      const own = [...dated].filter(({ body }) => content.includes(body)).map(({ day }) => day);
      count("Call", own.join(" or "));
    }
    return { days, kills, received, openRuns: await openRuns() };
  } finally {
    await Promise.all(apps.map((app) => app.kill()));
    await Promise.all([telegram.close(), twilio.close(), db.$client.end()]);
  }

  /** Executes retries and runs of killed processes, some minutes later. */
  async function untilNoRunIsOpen(at: Date): Promise<void> {
    for (let round = 1; (await openRuns()) > 0; round++) {
      if (round > 200) throw new Error(`runs of ${at.toISOString()} do not end`);
      const later = new Date(at.getTime() + round * 60_000).toISOString();
      await Promise.all(apps.map((app) => app.obey({ kind: "due", at: later })));
      if (round > 10) await sleep(100);
    }
  }

  async function openRuns(): Promise<number> {
    const [row] = await db.execute<{ open: number }>(
      sql`select count(*)::integer as open from platform.job_runs where state in ('queued', 'retrying', 'running')`,
    );
    return row!.open;
  }
}

/** What is wrong with the result: a day without its digest or its call, or one with two. */
export function problemsOf({ received, openRuns }: CampaignResult, days: number): string[] {
  const problems = openRuns > 0 ? [`${openRuns} runs are open`] : [];
  for (const day of daysOf(days)) {
    for (const kind of ["Daily digest", "Call"]) {
      const times = received.get(`${kind} ${day}`) ?? 0;
      if (times !== 1) problems.push(`${kind} of ${day}: received ${times} times`);
    }
    const reports = received.get(`Morning report ${day}`) ?? 0;
    if (reports > 1) problems.push(`Morning report of ${day}: received ${reports} times`);
  }
  return problems;
}

/** Days around both changes of the clocks of 2026, from 7 March and from 31 October. */
function daysOf(days: number): string[] {
  const half = Math.ceil(days / 2);
  return Array.from({ length: days }, (_, i) =>
    i < half ? addDays("2026-03-07", i) : addDays("2026-10-31", i - half),
  );
}

interface App {
  obey(order: Order): Promise<void>;
  kill(): Promise<void>;
}

async function startApp(databaseUrl: string, settings: string): Promise<App> {
  const script = join(import.meta.dirname, "briefing-process.ts");
  const child: ChildProcess = spawn(process.execPath, [script, databaseUrl, settings], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = once(child, "exit");
  const lines = createInterface({ input: child.stdout! });
  const waiting: (() => void)[] = [];
  const ready = new Promise<void>((resolve) => waiting.push(resolve));
  lines.on("line", () => waiting.shift()?.());
  // A killed process answers no order.
  void exit.then(() => {
    for (const resolve of waiting.splice(0)) resolve();
  });
  await ready;
  if (child.exitCode !== null) throw new Error(`the process ended with ${child.exitCode} before it was ready`);
  return {
    obey(order) {
      const done = new Promise<void>((resolve) => waiting.push(resolve));
      child.stdin!.write(`${JSON.stringify(order)}\n`);
      return done;
    },
    async kill() {
      child.kill("SIGKILL");
      await exit;
    },
  };
}
