import { execFile } from "node:child_process";
import { mkdtemp, rm, symlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import postgres from "postgres";
import { afterAll, beforeAll, expect, it } from "vitest";
import { DEMO_DATA } from "#local/stack/demo-data/load-demo-data.ts";
import { firstStartDirectory, type RunningStack, startStack, until } from "../e2e/stack-process.ts";
import { type Block, blocksOf, document, ROOT } from "./markdown.ts";
import { Transcript } from "./transcript.ts";

const run = promisify(execFile);

/** `npm run rota -- …` in the folder of the commands, which is no project. */
const CLI = `npm() { shift 3; "${process.execPath}" "${join(ROOT, "cli/main.ts")}" "$@"; }`;

let incident: Block[];
const state = await firstStartDirectory();
/** The working directory of the commands: a folder with `.rota`. */
let folder: string;
let app: RunningStack;
beforeAll(async () => {
  incident = blocksOf(await document("docs/operate-by-curl.md"));
  folder = await mkdtemp(join(tmpdir(), "rota-transcript-"));
  await symlink(state, join(folder, ".rota"));
  const [, name = "", value = ""] = /^(\w+)=(\w+) npm start$/.exec(incident[0]!.code.trim()) ?? [];
  app = await startStack(state, { env: { [name]: value } });
  await waitForSampleData();
  await maximizeFirstRetryDelay();
});
afterAll(async () => {
  await app.stop();
  await rm(folder, { recursive: true, force: true });
});

it("every command of the incident prints the page's output", async () => {
  expect(await replay(incident)).toBeGreaterThan(20);
});

/** Waits for the first job of npm start, and for the sample data: their requests would meet the faults of the pages. */
async function waitForSampleData(): Promise<void> {
  await until(
    async () => app.output(),
    (output) => output.includes("First job:") && (output.match(/Sample data: /g) ?? []).length === DEMO_DATA.length,
  );
  for (const job of ["sync_fx_historical", "ingest_county_liens"]) {
    await until(
      () => app.call<{ runs: { state: string }[] }>("GET", `api/admin/runs?job=${job}`),
      ({ body: { runs } }) => runs.length > 0 && runs.every(({ state }) => state === "succeeded"),
    );
  }
}

/** Sets the random delay before the second attempt to its maximum of ten seconds, so that the commands have time. */
async function maximizeFirstRetryDelay(): Promise<void> {
  const sql = postgres(app.databaseUrl, { max: 1 });
  await sql.unsafe(`
    create function wait_longest() returns trigger language plpgsql as $$
      begin new.not_before := greatest(new.not_before, now() + interval '10 seconds'); return new; end $$;
    create trigger wait_longest before update on platform.job_runs for each row
      when (old.state = 'running' and new.state = 'retrying' and new.attempt = 1) execute function wait_longest()`);
  await sql.end();
}

it("the commands of the page about analyses print its output", async () => {
  expect(await replay(blocksOf(await document("docs/analyse-by-curl.md")))).toBe(9);
});

it("the commands of the page about tax liens print its output", async () => {
  expect(await replay(blocksOf(await document("docs/tax-liens.md")))).toBe(8);
});

it("the commands of the page about configuring a county print its output", async () => {
  expect(await replay(blocksOf(await document("docs/configure-a-county.md")))).toBe(14);
});

it("the commands of the page about slots print its output", async () => {
  expect(await replay(blocksOf(await document("docs/slots-by-curl.md")))).toBe(6);
});

it("the commands of the page about notifications print its output", async () => {
  const page = blocksOf(await document("docs/notifications.md"));
  // The page begins with code in other languages.
  expect(await replay(page.slice(page.findIndex(({ language }) => language === "sh")))).toBe(9);
});

it("the commands of the page about knowledge print its output", async () => {
  const page = blocksOf(await document("docs/knowledge.md"));
  // The page begins with a diagram and a request.
  expect(await replay(page.slice(page.findIndex(({ language }) => language === "sh")))).toBe(4);
});

/**
 * Runs the commands of a page, whose first two blocks start the app and set its address. The output of the last command
 * of a block is compared with the following block.
 * @returns how many answers were compared
 */
async function replay([, variables, ...session]: readonly Block[]): Promise<number> {
  const transcript = new Transcript();
  const given = variables!.code.replace("http://127.0.0.1:7071", app.url);
  expect(given).toContain(app.url);
  let compared = 0;
  for (const [i, { language, code }] of session.entries()) {
    if (language !== "sh") continue;
    const answer = session[i + 1];
    let printed = "";
    // One command in each line, except for a here document.
    for (const [command] of code.matchAll(/.*<<END\n[^]*?\nEND|.+/g)) {
      const script = `set -eu\n${CLI}\n${given}\n${transcript.command(command)}`;
      printed = (await run("bash", ["-c", script], { cwd: folder })).stdout.replaceAll("\r", "");
    }
    expect(answer?.language, code).toMatch(/^(json|csv|text)$/);
    expect(transcript.difference(answer!.code, printed), code).toBeNull();
    compared += 1;
  }
  return compared;
}
