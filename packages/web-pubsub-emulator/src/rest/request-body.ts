import { badRequest, HttpError } from "../http-error.ts";
import type { Content } from "../message.ts";
import type { RestRequest } from "./rest-request.ts";

/** The body of `:send`. */
export function messageContent({ contentType, body }: RestRequest): Content {
  const type = contentType.replace(/;.*/s, "").trim().toLowerCase();
  switch (type) {
    case "application/json":
      return { dataType: "json", text: validJson(body) };
    case "text/plain":
      return { dataType: "text", text: body.toString() };
    case "application/octet-stream":
      return { dataType: "binary", bytes: body };
    default:
      throw new HttpError(
        415,
        "UnsupportedMediaType",
        `Content-Type: expected application/json, text/plain or application/octet-stream, got ${type || "none"}.`,
      );
  }
}

/** The body of `:addToGroups` and `:removeFromGroups`. */
export function groupChange({ body }: RestRequest): { groups: readonly string[]; filter: string } {
  const { groups, filter } = (JSON.parse(validJson(body)) ?? {}) as { groups?: unknown; filter?: unknown };
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === "string" && group !== "");
  if (!isList) throw badRequest("groups: expected a list of names.");
  if (typeof filter !== "string") throw badRequest("filter: expected a filter expression.");
  return { groups: groups as string[], filter };
}

function validJson(body: Buffer): string {
  const text = body.toString();
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw badRequest(`Expected a JSON body: ${(error as Error).message}`);
  }
}
