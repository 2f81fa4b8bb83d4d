import type { Client } from "@notionhq/client";
import { z } from "zod";
import { openOnce } from "#diagnostics/open-once.ts";
import type { Outbound } from "#jobs/outbound-client.ts";
import { blockText } from "./notion/block-text.ts";
import { fetchOf } from "./outbound/fetch-of.ts";
import { checkedAnswer } from "./provider-answer.ts";
import { ProviderError } from "./provider-error.ts";
import { retriedCall } from "./retried-call.ts";

export interface NotionPage {
  readonly id: string;
  readonly title: string;
  readonly tags: readonly string[];
  /** Rounded down to the minute by Notion. */
  readonly editedAt: Date;
  readonly url: string | null;
}

export interface Notion {
  /**
   * The pages of a data source that have one of the tags and were edited at or after `from`, the longest unchanged
   * first. A page may come more than once, and comes again when it is edited meanwhile. Null: all pages.
   */
  taggedPages(dataSource: string, from: Date | null): AsyncGenerator<readonly NotionPage[]>;
  /** The text of a page. @throws ProviderError of class `validation` for one that is too large or gone */
  pageText(id: string): Promise<string>;
}

const PAGE_SIZE = 100;
/** A data source that has more pages of results repeats itself. */
const MOST_RESULTS = 10_000;
/** The most of a page that is read: its text in characters, and the requests for its blocks. */
const MOST_CHARACTERS = 1_000_000;
const MOST_REQUESTS = 500;
const DEEPEST_BLOCK = 20;

const text = z.array(z.object({ plain_text: z.string() }));
const pageShape = z.object({
  object: z.literal("page"),
  id: z.string().min(1),
  last_edited_time: z.iso.datetime({ offset: true }).transform((value) => new Date(value)),
  url: z.string().nullish(),
  properties: z.record(z.string(), z.looseObject({ type: z.string() })),
});
const queryShape = z.object({
  results: z.array(pageShape),
  has_more: z.boolean(),
  next_cursor: z.string().min(1).nullish(),
  request_status: z.object({ type: z.string() }).optional(),
});
const blocksShape = z.object({
  results: z.array(z.looseObject({ id: z.string().min(1), type: z.string(), has_children: z.boolean() })),
  has_more: z.boolean(),
  next_cursor: z.string().min(1).nullish(),
});
type Blocks = z.output<typeof blocksShape>;

/** Notion's API, version 2025-09-03, through its official client over an outbound client of ours. */
export function notion(
  outbound: Pick<Outbound, "call">,
  {
    token,
    baseUrl,
    tags,
    signal,
  }: {
    readonly token: string;
    readonly baseUrl: string;
    readonly tags: readonly string[];
    readonly signal: AbortSignal;
  },
): Notion {
  const client = openOnce(async () => {
    const { Client: Official, LogLevel } = await import("@notionhq/client");
    return new Official({
      auth: token,
      baseUrl,
      notionVersion: "2025-09-03",
      // The outbound client has the deadline, and this module retries.
      timeoutMs: 3_600_000,
      retry: false,
      logLevel: LogLevel.ERROR,
      fetch: fetchOf({
        // Without `answers`: an error status is a ProviderError, which the official client throws on.
        call: (url, { answers: _answers, ...options } = {}) => outbound.call(url, { ...options, signal }),
      }),
    });
  });

  return {
    async *taggedPages(dataSource, from) {
      let since = from;
      let cursor: string | undefined;
      const seen = new Set<string>();
      for (let results = 1; ; results++) {
        const { results: found, has_more, next_cursor, request_status } = await query(dataSource, since, cursor);
        const pages = found.map(pageOf);
        if (pages.length > 0) yield pages;
        const isComplete = !has_more && request_status?.type !== "incomplete";
        if (isComplete) return;
        const last = pages.at(-1)?.editedAt;
        // From the last time on again, not by the cursor: pages that are edited meanwhile move, and hide others.
        if (last && (since === null || last > since)) {
          since = last;
          cursor = undefined;
          seen.clear();
        } else {
          if (!next_cursor || seen.has(next_cursor) || results >= MOST_RESULTS) throw repeats(dataSource);
          seen.add(next_cursor);
          cursor = next_cursor;
        }
      }
    },

    async pageText(id) {
      const lines: string[] = [];
      const left = { characters: MOST_CHARACTERS, requests: MOST_REQUESTS };
      await addText(id, id, 0, lines, left);
      return lines.join("\n");
    },
  };

  async function addText(
    page: string,
    parent: string,
    depth: number,
    lines: string[],
    left: { characters: number; requests: number },
  ): Promise<void> {
    const seen = new Set<string>();
    for (let cursor: string | undefined; ;) {
      if (--left.requests < 0) throw tooLarge(page, `${MOST_REQUESTS} requests for its blocks`);
      const { results, has_more, next_cursor } = await children(parent, cursor);
      for (const block of results) {
        const line = blockText(block);
        left.characters -= line.length + 1;
        if (left.characters < 0) throw tooLarge(page, `${MOST_CHARACTERS} characters`);
        if (line) lines.push(`${"  ".repeat(depth)}${line}`);
        const isPage = block.type === "child_page" || block.type === "child_database";
        if (block.has_children && !isPage && depth < DEEPEST_BLOCK)
          await addText(page, block.id, depth + 1, lines, left);
      }
      if (!has_more) return;
      if (!next_cursor || seen.has(next_cursor)) throw repeats(`the blocks of ${page}`);
      seen.add(next_cursor);
      cursor = next_cursor;
    }
  }

  function query(dataSource: string, since: Date | null, cursor: string | undefined) {
    const tagged = { or: tags.map((tag) => ({ property: "Tags", multi_select: { contains: tag } })) };
    const changed = since && {
      timestamp: "last_edited_time" as const,
      last_edited_time: { on_or_after: since.toISOString() },
    };
    return request(queryShape, (official) =>
      official.dataSources.query({
        data_source_id: dataSource,
        filter: changed ? { and: [tagged, changed] } : tagged,
        sorts: [{ timestamp: "last_edited_time", direction: "ascending" }],
        page_size: PAGE_SIZE,
        ...(cursor && { start_cursor: cursor }),
      }),
    );
  }

  function children(id: string, cursor: string | undefined): Promise<Blocks> {
    return request(blocksShape, (official) =>
      official.blocks.children.list({ block_id: id, page_size: PAGE_SIZE, ...(cursor && { start_cursor: cursor }) }),
    );
  }

  function request<Schema extends z.ZodType>(
    schema: Schema,
    send: (official: Client) => Promise<unknown>,
  ): Promise<z.output<Schema>> {
    return retriedCall(async () => {
      try {
        return checkedAnswer("Notion", await send(await client()), schema);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        throw new ProviderError("Notion answered with a body that is not JSON", {
          provider: "notion",
          errorClass: "transient",
        });
      }
    }, signal);
  }
}

function pageOf({ id, last_edited_time: editedAt, url = null, properties }: z.output<typeof pageShape>): NotionPage {
  const fields = Object.values(properties);
  const title = text.safeParse(fields.find(({ type }) => type === "title")?.title);
  const tags = z.array(z.object({ name: z.string() })).safeParse(properties.Tags?.multi_select);
  return {
    id,
    title: title.success ? title.data.map(({ plain_text }) => plain_text).join("") : "",
    tags: tags.success ? tags.data.map(({ name }) => name) : [],
    editedAt,
    url,
  };
}

function tooLarge(page: string, limit: string): ProviderError {
  return new ProviderError(`the Notion page ${page} has more than ${limit}`, {
    provider: "notion",
    errorClass: "validation",
  });
}

function repeats(what: string): ProviderError {
  return new ProviderError(`Notion repeats a page of results, or ends before it is complete: ${what}`, {
    provider: "notion",
    errorClass: "validation",
  });
}
