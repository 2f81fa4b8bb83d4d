import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { discardPostgres } from "../../local/postgres/start.ts";
import { DEMO_DATA } from "../../local/stack/demo-data/load.ts";
import { startStack, stateDirectory, until, type RunningStack } from "../e2e/stack.ts";
import { blocksOf, document, type Block } from "./markdown.ts";
import { Transcript } from "./transcript.ts";

const run = promisify(execFile);

let blocks: Block[];
let state: string;
/** Where the reader stands: a folder with `.rota` in it. */
let folder: string;
let app: RunningStack;
beforeAll(async () => {
  blocks = blocksOf(await document("docs/operate-by-curl.md"));
  state = await stateDirectory();
  folder = await mkdtemp(join(tmpdir(), "rota-transcript-"));
  await symlink(state, join(folder, ".rota"));
  const [, name = "", value = ""] = /^(\w+)=(\w+) npm start$/.exec(blocks[0]!.code.trim()) ?? [];
  app = await startStack(state, { env: { [name]: value } });
});
afterAll(async () => {
  await app.stop();
  await discardPostgres(join(state, "postgres")).catch(() => undefined);
  await rm(state, { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

it("every command of the page prints what the page shows", { timeout: 180_000 }, async () => {
  const transcript = new Transcript();
  // The page begins where npm start has run its first job, and where the sample data has all it asked for.
  await until(
    async () => app.output(),
    (output) => output.includes("First job:") && (output.match(/Sample data: /g) ?? []).length === DEMO_DATA.length,
  );
  await until(
    () => app.call<{ runs: { state: string }[] }>("GET", "api/admin/runs?job=sync_fx_historical"),
    ({ body: { runs } }) => runs.length > 0 && runs.every(({ state }) => state === "succeeded"),
  );
  const [, variables, ...session] = blocks;
  const given = variables!.code.replace("http://127.0.0.1:7071", app.url);
  expect(given).toContain(app.url);

  let compared = 0;
  for (const [i, { language, code }] of session.entries()) {
    if (language !== "sh") continue;
    const answer = session[i + 1];
    let printed = "";
    for (const command of code.trim().split("\n")) {
      const script = `set -eu\n${given}\n${transcript.command(command)}`;
      printed = (await run("bash", ["-c", script], { cwd: folder })).stdout;
    }
    expect(answer?.language, code).toBe("json");
    expect(transcript.difference(answer!.code, printed), code).toBeNull();
    compared += 1;
  }
  expect(compared).toBeGreaterThan(20);
});
