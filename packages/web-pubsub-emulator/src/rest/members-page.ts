import { badRequest } from "../http-error.ts";
import type { Reply, RestRequest } from "./rest-request.ts";

const MAX_PAGE_SIZE = 200;

/** Lists a page of a group's connections, ordered by id. The continuation token is the last id of the page before. */
export function membersPage({ hub, names: [group], query, address }: RestRequest): Reply {
  const size = positiveInteger(query, "maxpagesize", MAX_PAGE_SIZE);
  const top = positiveInteger(query, "top", Infinity);
  const after = query.get("continuationToken") ?? "";
  const members = hub
    .members(group)
    .filter(({ id }) => id > after)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
  const page = members.slice(0, Math.min(size, top));
  const hasMore = members.length > page.length && top > page.length;
  const next = new URLSearchParams(query);
  next.set("continuationToken", page.at(-1)?.id ?? "");
  if (top !== Infinity) next.set("top", String(top - page.length));
  return {
    status: 200,
    body: {
      value: page.map(({ id, userId }) => ({ connectionId: id, userId })),
      nextLink: hasMore ? `${address}?${next.toString()}` : undefined,
    },
  };
}

function positiveInteger(query: URLSearchParams, name: string, max: number): number {
  const value = Number(query.get(name) ?? max);
  if (value === max || (Number.isInteger(value) && value > 0)) return Math.min(value, max);
  throw badRequest(`${name}: expected a positive integer, got ${query.get(name)}.`);
}
