import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { LiveEvent } from "#realtime/live-event.ts";
import { connectedClient, type Inbox, inbox } from "#support/web-pubsub.ts";
import { type RunningStack, startStack, stateDirectory } from "./stack-process.ts";

const state = await stateDirectory();
let app: RunningStack;
beforeAll(async () => {
  app = await startStack(state);
});
afterAll(() => app.stop());

const run = (job: string) => `api/admin/jobs/${job}/run`;
type StateChange = LiveEvent<{ runId: string; jobId: string; state: string }>;

it("a subscriber receives all states of a run, from any process", async () => {
  const received = await subscribe(app);
  const joined = await startStack(state, { args: ["--join"] });
  for (const one of [app, joined]) {
    const { body } = await one.call<{ id: string }>("POST", run("cleanup_fx_updates"));
    // Different processes may publish the states, so their order is undefined.
    expect(new Set(await statesOf(body.id, received, 3))).toEqual(new Set(["queued", "running", "succeeded"]));
  }
  await joined.stop();
});

it("no event is published for a run whose transaction is rolled back", async () => {
  const sql = postgres(app.databaseUrl, { max: 1, onnotice: () => undefined });
  // Fails at the commit, after all statements succeeded.
  await sql.unsafe(`
    create function refuse() returns trigger language plpgsql as $$ begin raise exception 'refused at commit'; end $$;
    create constraint trigger refuse after insert on platform.job_runs deferrable initially deferred
      for each row when (new.input ->> 'startDate' = '2026-01-05') execute function refuse();`);
  const received = await subscribe(app);
  // This job is enqueued in a transaction with its tracking row.
  expect(await app.call("POST", run("sync_fx_historical"), { startDate: "2026-01-05" })).toMatchObject({ status: 500 });
  const { body } = await app.call<{ id: string }>("POST", run("cleanup_fx_updates"));
  await statesOf(body.id, received, 3);
  const events = [...received.all];
  const kept = await sql<{ id: string }[]>`select id from platform.job_runs`;
  await sql.end();
  const unknown = events.filter(({ data }) => !kept.some(({ id }) => id === data.runId));
  expect(unknown).toEqual([]);
});

/** Collects all events of the job layer from now on. */
async function subscribe(stack: RunningStack): Promise<Inbox<StateChange>> {
  const client = await connectedClient(async () => {
    const { body } = await stack.call<{ url: string }>("POST", "api/realtime/negotiate", {});
    return body.url;
  });
  const received = inbox<StateChange>();
  client.on("group-message", ({ message }) => {
    for (const event of message.data as unknown as readonly StateChange[]) received.put(event);
  });
  return received;
}

/** The first states of a run, in the order of their events. */
async function statesOf(runId: string, received: Inbox<StateChange>, howMany: number): Promise<string[]> {
  const states: string[] = [];
  for (let count = 1; states.length < howMany; count++) {
    const { type, data } = await received.nth(count);
    if (type === "run.state_changed" && data.runId === runId) states.push(data.state);
  }
  return states;
}
