import type { FailedItem } from "#jobs/context.ts";
import { asError } from "#jobs/error-class.ts";
import { syncChat } from "./sync-chat.ts";
import { syncHubspot } from "./sync-hubspot.ts";
import { syncN8n } from "./sync-n8n.ts";
import { syncNotion } from "./sync-notion.ts";
import type { SyncContext, SyncResult } from "./sync-record.ts";

type Sync = (context: SyncContext) => Promise<SyncResult>;

const SYNCS: Readonly<Record<string, Sync>> = {
  notion: syncNotion,
  n8n: syncN8n,
  hubspot: syncHubspot,
  chat: syncChat,
};

export interface ScannedSources {
  /** What became of each source. */
  readonly states: Readonly<Record<string, SyncResult["state"] | "failed">>;
  readonly failed: readonly FailedItem[];
}

/**
 * Synchronises all sources side by side. A source that fails, or whose provider has to rest, does not stop the others:
 * the next scan continues it.
 * @throws the reason of the abort when the run is stopped
 */
export async function scanSources(
  context: SyncContext,
  syncs: Readonly<Record<string, Sync>> = SYNCS,
): Promise<ScannedSources> {
  const outcomes = await Promise.all(
    Object.entries(syncs).map(async ([source, sync]) => {
      try {
        return { source, state: (await sync(context)).state };
      } catch (error) {
        return { source, state: "failed" as const, error: asError(error) };
      }
    }),
  );
  context.signal.throwIfAborted();
  return {
    states: Object.fromEntries(outcomes.map(({ source, state }) => [source, state])),
    failed: outcomes.flatMap(({ source, error }) => (error ? [{ key: source, error }] : [])),
  };
}
