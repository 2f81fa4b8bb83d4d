import { openApp } from "#app";
import { dispatchReminders } from "#functions/tasks/dispatch-reminders.ts";
import { catalogueOf } from "#jobs/catalogue.ts";
import { readConfig } from "#settings/config.ts";

/**
 * A dispatcher process with one run of dispatch_reminders. It prints a line for each committed page, so that it can be
 * killed between two pages, and its counts at the end.
 */
const [url] = process.argv.slice(2) as [string];
const config = readConfig({ DATABASE_URL: url }, [dispatchReminders]);
const app = openApp(config, catalogueOf([dispatchReminders]), {
  sink: ({ message, fields }) => {
    if (message === "Committed") console.log(`committed ${String(fields.rows)}`);
  },
  dispatch: async () => undefined,
});
const { id } = await app.enqueuer.enqueue(dispatchReminders, {
  input: {},
  trigger: "manual",
  requestedBy: "a dispatcher",
});
const run = await app.runner.execute(id);
await app.close();
console.log(JSON.stringify({ state: run?.state, ...run?.result }));
