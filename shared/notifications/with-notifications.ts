import type { App } from "../app.ts";
import type { Tx } from "../data/client.ts";
import type { Run } from "../data/platform/schema.ts";
import type { NotifyContext } from "./notify.ts";

/**
 * One transaction of an HTTP handler that may notify somebody: what it asks for is sent right after the commit.
 *
 * @example
 * await withNotifications(app, { family: "tasks", who: caller }, (tx, context) => notify(context, tx, [...]));
 * @param who for the ledger: who asked
 */
export async function withNotifications<T>(
  app: App,
  { family, who }: { readonly family: string; readonly who: string },
  work: (tx: Tx, context: NotifyContext) => Promise<T>,
): Promise<T> {
  const asked: Pick<Run, "id" | "jobId" | "notBefore">[] = [];
  const context: NotifyContext = {
    settings: app.config,
    clock: app.clock,
    run: { family },
    publish: app.publish,
    async enqueueAll(tx, jobId, inputs) {
      const job = await app.jobs.find(jobId);
      if (!job) throw new TypeError(`there is no job ${JSON.stringify(jobId)} in this app`);
      const requests = inputs.map((input) => ({ input, trigger: "event" as const, requestedBy: who }));
      asked.push(...(await app.runner.enqueueAll(tx, job, requests)));
    },
  };
  const result = await app.db.transaction((tx) => work(tx, context));
  await app.runner.send(asked);
  return result;
}
