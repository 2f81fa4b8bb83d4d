import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LiveEvent } from "../../shared/realtime/live-event.ts";
import { connectedClient, inbox, type Inbox } from "../support/web-pubsub.ts";
import { startStack, stateDirectory, type RunningStack } from "./stack.ts";

const state = await stateDirectory();
let app: RunningStack;
beforeAll(async () => {
  app = await startStack(state);
});
afterAll(() => app.stop());

const run = (job: string) => `api/admin/jobs/${job}/run`;
type Moved = LiveEvent<{ runId: string; jobId: string; state: string }>;

it("a watcher hears a run from queued to succeeded, whichever process does it", async () => {
  const heard = await watch(app);
  const joined = await startStack(state, { args: ["--join"] });
  for (const one of [app, joined]) {
    const { body } = await one.call<{ id: string }>("POST", run("cleanup_fx_updates"));
    // One process tells that it was queued and maybe another one the rest: nothing orders what two of them say.
    expect(new Set(await movesOf(body.id, heard, 3))).toEqual(new Set(["queued", "running", "succeeded"]));
  }
  await joined.stop();
});

it("of a run whose transaction the database rolls back, nothing is heard", async () => {
  const sql = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  // Refuses at the very commit, when all statements have been answered.
  await sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused at commit'; end $$;
    create constraint trigger refuse after insert on platform.job_runs deferrable initially deferred
      for each row when (new.input ->> 'startDate' = '2026-01-05') execute function refuse();`);
  const heard = await watch(app);
  // This job's own tracking row makes it a transaction.
  expect(await app.call("POST", run("sync_fx_historical"), { startDate: "2026-01-05" })).toMatchObject({ status: 500 });
  const { body } = await app.call<{ id: string }>("POST", run("cleanup_fx_updates"));
  await movesOf(body.id, heard, 3);
  const told = [...heard.all];
  const kept = await sql<{ id: string }[]>`select id from platform.job_runs`;
  await sql.end();
  const lost = told.filter(({ data }) => !kept.some(({ id }) => id === data.runId));
  expect(lost).toEqual([]);
});

/** All events of the job layer from now on. */
async function watch(stack: RunningStack): Promise<Inbox<Moved>> {
  const client = await connectedClient(async () => {
    const { body } = await stack.call<{ url: string }>("POST", "api/realtime/negotiate", {});
    return body.url;
  });
  const heard = inbox<Moved>();
  client.on("group-message", ({ message }) => {
    for (const event of message.data as unknown as readonly Moved[]) heard.put(event);
  });
  return heard;
}

/** The first moves of a run, in the order in which they were heard. */
async function movesOf(runId: string, heard: Inbox<Moved>, howMany: number): Promise<string[]> {
  const moves: string[] = [];
  for (let count = 1; moves.length < howMany; count++) {
    const { type, data } = await heard.nth(count);
    if (type === "run.state_changed" && data.runId === runId) moves.push(data.state);
  }
  return moves;
}
