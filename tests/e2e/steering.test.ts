import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dealFacts } from "../shared/documents/sample-contexts.ts";
import { type RunningStack, startStack, stateDirectory, until } from "./stack-process.ts";

const state = await stateDirectory();
let app: RunningStack;
beforeAll(async () => {
  app = await startStack(state);
});
afterAll(() => app.stop());

interface RunLine {
  id: string;
  state: string;
  reasonCode: string | null;
}
const job = "api/admin/jobs/cleanup_fx_updates";
const ended = async (id: string) =>
  until(
    async () => (await app.call<RunLine>("GET", `api/admin/runs/${id}`)).body,
    (run) => !["queued", "running", "retrying"].includes(run.state),
  );

it("a run of a paused job waits until the job is resumed", async () => {
  expect((await app.call("POST", `${job}/pause`, { reason: "an end to end test" })).status).toBe(200);
  const { body: run } = await app.call<RunLine>("POST", `${job}/run`);
  expect(run.state).toBe("queued");
  const slots = await app.call<{ pauses: { scope: string }[] }>("GET", "api/admin/controls");
  expect(slots.body.pauses).toMatchObject([{ scope: "job:cleanup_fx_updates" }]);
  await app.call("POST", `${job}/resume`, {});
  expect(await ended(run.id)).toMatchObject({ state: "succeeded" });
});

it("health has the turns of the event loop that took longer than EVENT_LOOP_LIMIT", async () => {
  const { body } = await app.call("GET", "api/jobs/health");
  expect(body).toMatchObject({ eventLoop: { limitMs: 1_000, blocks: expect.any(Number) as unknown } });
});

it("with the kill switch on no job runs, the health routes answer, and the audit has an entry", async () => {
  await app.call("PATCH", "api/admin/controls", { killSwitch: true, reason: "an end to end test" });
  const { body: run } = await app.call<RunLine>("POST", `${job}/run`);
  expect(await ended(run.id)).toMatchObject({ state: "skipped", reasonCode: "kill-switch" });
  expect((await app.call("GET", "api/health/live")).status).toBe(200);
  await app.call("PATCH", "api/admin/controls", { killSwitch: false, reason: "the test is over" });
  const { body } = await app.call<{ entries: { action: string }[] }>("GET", "api/admin/audit?subject=all");
  expect(body.entries.map(({ action }) => action)).toEqual(["controls changed", "controls changed"]);
  const again = await app.call<RunLine>("POST", `api/admin/runs/${run.id}/retry`, {});
  expect(again.status).toBe(202);
  expect(await ended(again.body.id)).toMatchObject({ state: "succeeded" });
});

it("a backfill of a past range completes", async () => {
  const range = { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" };
  const started = await app.call<{ missing: number }>("POST", `${job}/backfill`, range);
  expect(started.status).toBe(202);
  const done = await until(
    async () => (await app.call<{ state: string; runs: object }>("GET", `${job}/backfill`)).body,
    ({ state }) => state !== "running",
  );
  expect(done).toMatchObject({ state: "done", runs: { succeeded: started.body.missing } });
});

it("the host sends a document's file unchanged, also after a client that disconnected", async () => {
  const key = (await readFile(join(state, "host-key"), "utf8")).trim();
  const asked = { template: "deal_memo", facts: dealFacts };
  const { body } = await app.call<{ document: string; run: string }>("POST", "api/documents/generate", asked);
  expect(await ended(body.run)).toMatchObject({ state: "succeeded" });
  type Files = Record<"pdf" | "html", { contentType: string; bytes: number; sha256: string }>;
  const { files } = (await app.call<{ files: Files }>("GET", `api/documents/${body.document}`)).body;
  const content = (format: string, init: RequestInit = {}) =>
    fetch(`${app.url}/api/documents/${body.document}/content?format=${format}`, {
      ...init,
      headers: { "x-functions-key": key },
    });

  const aborted = await content("pdf");
  await aborted.body!.cancel();
  for (const format of ["pdf", "html"] as const) {
    const { contentType, bytes, sha256 } = files[format];
    const file = await content(format);
    expect(Object.fromEntries(file.headers)).toMatchObject({
      "content-type": contentType,
      "content-length": String(bytes),
      etag: `"${sha256}"`,
      "content-security-policy": expect.stringContaining("sandbox") as unknown,
    });
    const received = Buffer.from(await file.arrayBuffer());
    expect(createHash("sha256").update(received).digest("hex")).toBe(sha256);
    const head = await content(format, { method: "HEAD" });
    expect([head.status, await head.text(), head.headers.get("etag")]).toEqual([200, "", `"${sha256}"`]);
  }
  expect((await content("docx")).status).toBe(400);
  expect((await fetch(`${app.url}/api/documents/${body.document}/content`)).status).toBe(401);
});

it("a stop ends a request that waits for a run: it answers 202 with the address of the run", async () => {
  await app.call("POST", `${job}/pause`, { reason: "an end to end test" });
  const waiting = app.call<RunLine>("POST", `${job}/run?wait=60`);
  const runs = async () => (await app.call<{ runs: RunLine[] }>("GET", "api/admin/runs?state=queued")).body.runs;
  const [run] = await until(runs, ({ length }) => length === 1);
  expect(await app.stop()).toBe(0);
  expect(await waiting).toMatchObject({ status: 202, body: { id: run!.id, state: "queued" } });
});
