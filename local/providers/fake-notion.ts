import { type FakeServer, startFakeServer } from "./fake-server.ts";
import type { Answer, Fault } from "./fault-injection.ts";

/**
 * Content faults: a cursor that leads to the same results for ever, results that end before they are complete, a page
 * without its edit time, an overloaded service (529), no JSON.
 */
export type NotionFault = "same-cursor" | "incomplete" | "no-edit-time" | "529" | "not-json";

export interface FakeBlock {
  readonly text: string;
  readonly children?: readonly FakeBlock[];
}

export interface FakePage {
  readonly id: string;
  readonly title: string;
  readonly tags: readonly string[];
  /** A whole minute, as Notion's. */
  readonly editedAt: string;
  readonly blocks: readonly FakeBlock[];
}

export interface FakeNotion extends FakeServer<NotionFault> {
  /** What it answers; tests change it. */
  readonly pages: FakePage[];
  /** Called after each answer to a query. */
  onQuery: (() => void) | undefined;
}

export const FAKE_NOTION_DATA_SOURCE = "4ee04178-60dc-4b13-a1ea-14e3b9661a33";
const TOKEN = "demo";

/**
 * A fake server of Notion's API, version 2025-09-03: queries of one data source by tags and edit time, and the blocks
 * of pages, nested and page by page. Its token is `demo`.
 */
export async function startFakeNotion({
  port = 0,
  pages = [],
  pageSize = 100,
}: { port?: number; pages?: FakePage[]; pageSize?: number } = {}): Promise<FakeNotion> {
  const server = await startFakeServer<NotionFault>({
    port,
    methods: ["GET", "POST"],
    errorBody: (status) => error(status, CODES[status] ?? "internal_server_error"),
    answer(url, fault, request, body) {
      if (request.headers.authorization !== `Bearer ${TOKEN}`)
        return error(401, "unauthorized", "API token is invalid.");
      if (fault?.kind === "529") return { ...error(529, "service_overload"), headers: { "retry-after": "0" } };
      if (fault?.kind === "not-json") return { type: "application/json", body: "Bad Gateway" };
      const query = /^\/v1\/data_sources\/([^/]+)\/query$/.exec(url.pathname)?.[1];
      if (query === FAKE_NOTION_DATA_SOURCE && request.method === "POST") {
        const answer = queried(fake.pages, JSON.parse(body) as Record<string, unknown>, pageSize, fault);
        fake.onQuery?.();
        return answer;
      }
      const parent = /^\/v1\/blocks\/([^/]+)\/children$/.exec(url.pathname)?.[1];
      const blocks = parent === undefined ? undefined : blocksOf(fake.pages, parent);
      if (parent === undefined || blocks === undefined) {
        return error(
          404,
          "object_not_found",
          "Could not find the object: make sure it is shared with the integration.",
        );
      }
      return listed(
        blocks.map((block, i) => blockBody(`${parent}.${i}`, block)),
        { size: pageSize, cursor: url.searchParams.get("start_cursor"), fault },
      );
    },
  });
  const fake: FakeNotion = { ...server, pages, onQuery: undefined };
  return fake;
}

/** Pages of the demo. */
export function demoPages(now: Date): FakePage[] {
  const minutesAgo = (minutes: number) => new Date(Math.floor(now.getTime() / 60_000 - minutes) * 60_000).toISOString();
  return [
    {
      id: "393abc1e-edcd-8169-85ce-c64d3d3f20fd",
      title: "How we deploy",
      tags: ["SOP"],
      editedAt: minutesAgo(600),
      blocks: [{ text: "Deploys are on Tuesdays.", children: [{ text: "Never before a holiday." }] }],
    },
    {
      id: "393abc1e-edcd-80f3-813b-e205934558c6",
      title: "Prices of 2026",
      tags: ["Final", "Sales"],
      editedAt: minutesAgo(90),
      blocks: [{ text: "The setup costs 900 dollars." }],
    },
  ];
}

const CODES: Readonly<Record<number, string>> = {
  401: "unauthorized",
  403: "restricted_resource",
  404: "object_not_found",
  429: "rate_limited",
  503: "service_unavailable",
};

interface Filter {
  readonly and?: readonly Filter[];
  readonly or?: readonly Filter[];
  readonly multi_select?: { readonly contains: string };
  readonly last_edited_time?: { readonly on_or_after: string };
}

function matches(page: FakePage, filter: Filter): boolean {
  if (filter.and) return filter.and.every((each) => matches(page, each));
  if (filter.or) return filter.or.some((each) => matches(page, each));
  if (filter.multi_select) return page.tags.includes(filter.multi_select.contains);
  return page.editedAt >= (filter.last_edited_time?.on_or_after ?? "");
}

function queried(
  pages: readonly FakePage[],
  body: Readonly<Record<string, unknown>>,
  size: number,
  fault: Fault<NotionFault> | undefined,
): Answer {
  const found = pages
    .filter((page) => matches(page, (body.filter ?? { and: [] }) as Filter))
    .toSorted((a, b) => a.editedAt.localeCompare(b.editedAt) || a.id.localeCompare(b.id));
  return listed(
    found.map((page) => pageBody(page, fault)),
    { size, cursor: (body.start_cursor as string | undefined) ?? null, fault },
  );
}

function listed(
  all: readonly { readonly id: string }[],
  { size, cursor, fault }: { size: number; cursor: string | null; fault: Fault<NotionFault> | undefined },
): Answer {
  const start =
    cursor === null || fault?.kind === "same-cursor"
      ? 0
      : Math.max(
          0,
          all.findIndex(({ id }) => id === cursor),
        );
  const results = all.slice(start, start + size);
  const next = fault?.kind === "same-cursor" ? all[0] : all[start + size];
  const isIncomplete = fault?.kind === "incomplete";
  return json({
    object: "list",
    results,
    next_cursor: next?.id ?? null,
    has_more: next !== undefined,
    ...(isIncomplete && {
      request_status: { type: "incomplete", incomplete_reason: "query_result_limit_reached" },
    }),
  });
}

function pageBody({ id, title, tags, editedAt }: FakePage, fault: Fault<NotionFault> | undefined) {
  return {
    object: "page",
    id,
    created_time: "2026-01-05T09:00:00.000Z",
    ...(fault?.kind !== "no-edit-time" && { last_edited_time: editedAt }),
    parent: { type: "data_source_id", data_source_id: FAKE_NOTION_DATA_SOURCE },
    in_trash: false,
    properties: {
      Name: { id: "title", type: "title", title: [richText(title)] },
      Tags: {
        id: "VSvn",
        type: "multi_select",
        multi_select: tags.map((name, i) => ({ id: `${i}`, name, color: "purple" })),
      },
    },
    url: `https://app.notion.com/p/${id.replaceAll("-", "")}`,
    public_url: null,
  };
}

function blockBody(id: string, { text, children = [] }: FakeBlock) {
  const paragraph = { rich_text: [richText(text)], color: "default" };
  return { object: "block", id, type: "paragraph", has_children: children.length > 0, in_trash: false, paragraph };
}

function richText(content: string): object {
  return { type: "text", text: { content, link: null }, plain_text: content, href: null };
}

/** The id of a block is that of its parent with its place. */
function blocksOf(pages: readonly FakePage[], id: string): readonly FakeBlock[] | undefined {
  const [page, ...places] = id.split(".");
  let blocks = pages.find((each) => each.id === page)?.blocks;
  for (const place of places) blocks = blocks?.[Number(place)]?.children;
  return blocks;
}

function json(body: object): Answer {
  return { type: "application/json; charset=utf-8", body: JSON.stringify(body) };
}

function error(status: number, code: string, message = code): Answer {
  const requestId = "17359c46-ca0d-4156-be70-12a5eebc3346";
  return { ...json({ object: "error", status, code, message, request_id: requestId }), status };
}
