import { expect, onTestFinished, test } from "vitest";
import type { JobView, RunSummary } from "#cli/admin-views.ts";
import { startStack, stateDirectory } from "../e2e/stack-process.ts";
import { rota } from "./rota.ts";

const state = await stateDirectory();

test("every command works on the app of npm start, found by its state file", async () => {
  const stack = await startStack(state);
  onTestFinished(async () => {
    await stack.stop();
  });
  const ask = (...args: string[]) => rota(args, { env: { ROTA_STATE: state } });

  const ran = await ask("run", "sync_fx_latest", "{}", "--wait", "60");
  expect(ran).toMatchObject({ code: 0, stderr: "" });
  expect(ran.stdout).toMatch(/\n✔ sync_fx_latest succeeded in .*\n(.*\n)* {2}inserted /);

  const { jobs } = JSON.parse((await ask("jobs", "--json")).stdout) as { jobs: JobView[] };
  const table = await ask("jobs");
  for (const { id } of jobs) expect(table.stdout).toContain(`\n${id} `);
  expect(table.stdout).not.toMatch(/undefined|NaN|Invalid/);

  const { runs } = JSON.parse(
    (await ask("runs", "--job", "sync_fx_latest", "--state", "succeeded", "--json")).stdout,
  ) as {
    runs: RunSummary[];
  };
  const id = runs[0]?.id ?? "";
  expect((await ask("runs", "--family", "portfolio")).stdout).toContain(id);
  const shown = await ask("show", id);
  expect(shown).toMatchObject({ code: 0, stderr: "" });
  expect(shown.stdout).toMatch(/^sync_fx_latest succeeded in .*\n\n {2}run {11}/);
  expect(shown.stdout).not.toMatch(/undefined|NaN|Invalid/);

  expect((await ask("run", "sync_fx_latst")).stderr).toBe(
    "The app answers: there is no job sync_fx_latst; did you mean sync_fx_latest?\n",
  );
  expect((await ask("run", "sync_fx_historical", '{"startDate":"soon"}')).stderr).toMatch(
    /^The app rejects this request: startDate: /,
  );
  expect((await ask("migrate")).stdout).toMatch(/ is up to date; nothing to apply\.\n$/);
});
