import { z } from "zod";
import {
  knownItems,
  type RememberedItem,
  rememberItems,
  retireItems,
  validKeys,
} from "#data/personal-ops/memory-items.ts";
import type { FailedItem } from "#jobs/context.ts";
import { asError, classify } from "#jobs/error-class.ts";
import { type Notion, notion, type NotionPage } from "#providers/notion.ts";
import { jsonbSafeText } from "#redaction/jsonb-safe.ts";
import { daysBefore } from "#schedule/duration.ts";
import { isConfigured } from "./configured-sources.ts";
import { type SyncContext, type SyncProgress, type SyncResult, withSyncRecord } from "./sync-record.ts";

/** The tags of pages that hold rules. */
const TAGS = ["SOP", "Canonical", "Final"] as const;
/** Notion rounds edit times down to the minute, and its index lags: so much is read again. */
const OVERLAP_MS = 5 * 60_000;
/** A page that was read after the minute of its last edit is complete. */
const EDITED_WITHIN_MS = 2 * 60_000;
const PAGES_PER_COMMIT = 20;

const watermarkSchema = z.object({
  /** By data source: the edit time up to which everything is committed. */
  editedUntil: z.record(z.string(), z.iso.datetime()).default({}),
  /** When all pages were last listed, to find those that are gone or lost their tags. */
  listedAt: z.iso.datetime().optional(),
});
type Watermark = z.output<typeof watermarkSchema>;

/**
 * Remembers the pages of the configured data sources that have one of the tags, as canonical. A page with new content
 * supersedes its item. Once a day all pages are listed: the item of one that is gone or lost its tags is retired. A
 * page that cannot be read fails alone, until its next edit.
 */
export async function syncNotion(context: SyncContext): Promise<SyncResult> {
  const { settings, signal } = context;
  if (!isConfigured(settings, "notion")) {
    return { state: "not configured", source: "notion", reason: "Notion is not configured" };
  }
  const [baseUrl, token] = [settings.NOTION_BASE_URL, settings.NOTION_TOKEN!];
  const client = context.outbound({ provider: "notion", baseUrl, secrets: [token] });
  const provider = notion(client, { baseUrl, token, tags: TAGS, signal });
  const dataSources = [...new Set(settings.NOTION_DATA_SOURCES!.split(","))];
  try {
    return await withSyncRecord(context, "notion", async (sync) => {
      const startedAt = context.clock.now();
      let watermark: Watermark = watermarkSchema.catch({ editedUntil: {} }).parse(sync.watermark);
      const counts = { read: 0, added: 0, superseded: 0, failed: 0, retired: 0 };
      for (const dataSource of dataSources) {
        const from = watermark.editedUntil[dataSource];
        const done = new Set<string>();
        for await (const found of provider.taggedPages(dataSource, from === undefined ? null : new Date(from))) {
          for (const pages of batchesOf(found.filter((page) => isFirst(done, page)))) {
            const { items, failed } = await readPages(context, provider, pages, dataSource);
            const last = Math.min(pages.at(-1)!.editedAt.getTime(), startedAt.getTime() - OVERLAP_MS);
            const editedUntil = { ...watermark.editedUntil, [dataSource]: new Date(last).toISOString() };
            watermark = { ...watermark, editedUntil };
            const committed = await sync.commit(async (tx) => {
              const { added, superseded } = await rememberItems(tx, items, context.clock.now());
              return { items: added + superseded, added, superseded, watermark };
            });
            context.recordFailures(failed);
            counts.read += pages.length;
            counts.added += committed.added;
            counts.superseded += committed.superseded;
            counts.failed += failed.length;
            context.progress(counts.read, undefined, "pages of Notion");
          }
        }
      }
      if (watermark.listedAt === undefined || new Date(watermark.listedAt) <= daysBefore(startedAt, 1)) {
        counts.retired = await retireMissing(context, provider, dataSources, sync, {
          ...watermark,
          listedAt: startedAt.toISOString(),
        });
      }
      return counts;
    });
  } finally {
    client.close();
  }
}

/** Whether this state of a page is new in this synchronisation; notes it. */
function isFirst(done: Set<string>, { id, editedAt }: NotionPage): boolean {
  const state = `${id} ${editedAt.toISOString()}`;
  return done.size !== done.add(state).size;
}

function* batchesOf(pages: readonly NotionPage[]): Generator<readonly NotionPage[]> {
  for (let i = 0; i < pages.length; i += PAGES_PER_COMMIT) yield pages.slice(i, i + PAGES_PER_COMMIT);
}

/** Reads the texts of the pages whose present state is not remembered yet. */
async function readPages(
  { db }: SyncContext,
  provider: Notion,
  pages: readonly NotionPage[],
  dataSource: string,
): Promise<{ items: RememberedItem[]; failed: FailedItem[] }> {
  const known = await knownItems(db, pages.map(keyOf));
  const items: RememberedItem[] = [];
  const failed: FailedItem[] = [];
  for (const page of pages) {
    const item = known.get(keyOf(page));
    const isRead =
      item?.revision === page.editedAt.toISOString() &&
      item.validFrom.getTime() >= page.editedAt.getTime() + EDITED_WITHIN_MS;
    if (isRead) continue;
    try {
      items.push(itemOf(page, await provider.pageText(page.id), dataSource));
    } catch (error) {
      // The page is too large, or gone by now. Any other failure concerns all pages.
      if (classify(error) !== "validation") throw error;
      failed.push({ key: keyOf(page), error: asError(error) });
    }
  }
  return { items, failed };
}

async function retireMissing(
  { db, clock }: SyncContext,
  provider: Notion,
  dataSources: readonly string[],
  sync: SyncProgress,
  watermark: Watermark,
): Promise<number> {
  const before = await validKeys(db, "notion");
  const listed = new Set<string>();
  for (const dataSource of dataSources) {
    for await (const pages of provider.taggedPages(dataSource, null)) for (const page of pages) listed.add(keyOf(page));
  }
  const keys = before.filter((key) => !listed.has(key));
  const { items } = await sync.commit(async (tx) => ({
    items: await retireItems(tx, { keys, reason: "gone_or_untagged" }, clock.now()),
    watermark,
  }));
  return items;
}

function keyOf({ id }: NotionPage): string {
  return `notion.page.${id.replaceAll("-", "")}`;
}

function itemOf(page: NotionPage, text: string, dataSource: string): RememberedItem {
  return {
    key: keyOf(page),
    title: jsonbSafeText(page.title, 1_000),
    value: jsonbSafeText(text, Infinity),
    data: { tags: page.tags.toSorted(), dataSource, ...(page.url !== null && { url: page.url }) },
    revision: page.editedAt.toISOString(),
    authority: "canonical",
    sourceType: "notion",
    sourceId: page.id,
  };
}
