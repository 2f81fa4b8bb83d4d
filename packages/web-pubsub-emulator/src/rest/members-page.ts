import { Refusal } from "../refusal.ts";
import type { Reply, RestRequest } from "./request.ts";

const LARGEST_PAGE = 200;

/** The connections of a group in the order of their ids, page by page; the link to the next page says after which one. */
export function membersPage({ hub, names: [group], query, address }: RestRequest): Reply {
  const size = whole(query, "maxpagesize", LARGEST_PAGE);
  const top = whole(query, "top", Infinity);
  const after = query.get("continuationToken") ?? "";
  const left = hub
    .members(group)
    .filter(({ id }) => id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = left.slice(0, Math.min(size, top));
  const last = page.at(-1);
  const hasMore = left.length > page.length && top > page.length;
  const next = new URLSearchParams(query);
  next.set("continuationToken", last?.id ?? "");
  if (top !== Infinity) next.set("top", String(top - page.length));
  return {
    status: 200,
    body: {
      value: page.map(({ id, userId }) => ({ connectionId: id, ...(userId !== undefined && { userId }) })),
      ...(hasMore && { nextLink: `${address}?${next.toString()}` }),
    },
  };
}

function whole(query: URLSearchParams, name: string, fallback: number): number {
  const value = Number(query.get(name) ?? fallback);
  if (value === fallback || (Number.isInteger(value) && value > 0)) return Math.min(value, fallback);
  throw new Refusal(400, "BadRequest", `${name}: expected a positive whole number, got ${query.get(name)}.`);
}
