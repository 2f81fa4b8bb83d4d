import { expect, it } from "vitest";
import { scanSources } from "#services/personal-ops/scan-sources.ts";
import type { SyncContext, SyncResult } from "#services/personal-ops/sync-record.ts";

const contextWith = (signal: AbortSignal) => ({ signal }) as SyncContext;
const synchronised = async (): Promise<SyncResult> => ({ state: "synchronised", source: "n8n", counts: {} });

it("all sources start together, and one that fails does not stop the others", async () => {
  let running = 0;
  const { promise: allRun, resolve } = Promise.withResolvers<void>();
  const sync = async () => {
    if (++running === 3) resolve();
    await allRun;
    return synchronised();
  };
  const failing = async () => {
    await sync();
    throw new Error("401");
  };
  const { states, failed } = await scanSources(contextWith(new AbortController().signal), {
    notion: failing,
    n8n: sync,
    hubspot: sync,
  });
  expect(states).toEqual({ notion: "failed", n8n: "synchronised", hubspot: "synchronised" });
  expect(failed).toMatchObject([{ key: "notion", error: { message: "401" } }]);
});

it("a run that is stopped ends with the reason of the stop, not with the failures that follow from it", async () => {
  const stop = new AbortController();
  const stopped = async (): Promise<SyncResult> => {
    stop.abort(new Error("the kill switch is on"));
    throw new Error("aborted");
  };
  await expect(scanSources(contextWith(stop.signal), { n8n: stopped })).rejects.toThrow("the kill switch is on");
});
