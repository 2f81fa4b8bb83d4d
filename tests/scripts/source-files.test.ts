import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import type { Route } from "#http/route.ts";
import type { Job } from "#jobs/job.ts";
import { temporaryDirectory } from "#support/temporary-directory.ts";
import { sourceFiles } from "../../scripts/source-files.ts";

/** A folder of functions, and what its files export by name. */
async function folderOf(
  files: Record<string, string>,
): Promise<{ folder: string; load: (file: string) => Promise<Record<string, never>> }> {
  const folder = await temporaryDirectory();
  for (const [path, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), content);
  }
  return { folder, load: (file) => import(pathToFileURL(join(folder, file)).href) as Promise<Record<string, never>> };
}

it("finds the file and the name of every job and route, however deep", async () => {
  const { folder, load } = await folderOf({
    "tasks/send-mail.ts": `export const sendMail = { id: "send_mail" };`,
    "tasks/wording.ts": `export const words = 3; export const same = { id: "send_mail" };`,
    "http/admin/runs.ts": `export const getRuns = { method: "GET", path: "api/runs" }; export const postRuns = { method: "POST", path: "api/runs" };`,
    "index.ts": `throw new Error("the list itself is no function");`,
  });
  const { sendMail } = await load("tasks/send-mail.ts");
  const { getRuns, postRuns } = await load("http/admin/runs.ts");
  const found = await sourceFiles(folder, {
    jobs: [sendMail as unknown as Job],
    routes: [getRuns, postRuns] as unknown as Route[],
  });
  expect(found.jobs).toEqual(new Map([["send_mail", { file: join(folder, "tasks/send-mail.ts"), name: "sendMail" }]]));
  const file = join(folder, "http/admin/runs.ts");
  expect(found.routes).toEqual(
    new Map([
      [
        "api/runs",
        [
          { file, name: "getRuns" },
          { file, name: "postRuns" },
        ],
      ],
    ]),
  );
});

it("finds a job in its own file, also where an index exports it", async () => {
  const { folder, load } = await folderOf({
    "tasks/index.ts": `export { sendMail } from "./send-mail.ts"; export { callUp } from "./call-up/index.ts";`,
    "tasks/send-mail.ts": `export const sendMail = { id: "send_mail" };`,
    "tasks/call-up/index.ts": `export const callUp = { id: "call_up" };`,
  });
  const { sendMail } = await load("tasks/send-mail.ts");
  const { callUp } = await load("tasks/call-up/index.ts");
  const { jobs } = await sourceFiles(folder, { jobs: [sendMail, callUp] as unknown as Job[], routes: [] });
  expect(jobs).toEqual(
    new Map([
      ["send_mail", { file: join(folder, "tasks/send-mail.ts"), name: "sendMail" }],
      ["call_up", { file: join(folder, "tasks/call-up/index.ts"), name: "callUp" }],
    ]),
  );
});

it("names what is listed and not exported, since it cannot be loaded alone", async () => {
  const { folder } = await folderOf({ "tasks/send-mail.ts": `const sendMail = { id: "send_mail" };` });
  const jobs = [{ id: "send_mail" } as Job];
  await expect(sourceFiles(folder, { jobs, routes: [] })).rejects.toThrow(
    "send_mail is listed in functions/index.ts, but no file below functions/ exports it",
  );
  const routes = [{ method: "GET", path: "api/runs" } as Route];
  await expect(sourceFiles(folder, { jobs: [], routes })).rejects.toThrow(
    "GET api/runs is listed in functions/index.ts",
  );
});
