import type { Content } from "../message.ts";
import { Refusal } from "../refusal.ts";
import type { RestRequest } from "./request.ts";

/** What the body of a `:send` holds, by its content type. */
export function contentOf({ contentType, body }: Pick<RestRequest, "contentType" | "body">): Content {
  const type = contentType.replace(/;.*/s, "").trim().toLowerCase();
  switch (type) {
    case "application/json":
      return { dataType: "json", text: jsonText(body) };
    case "text/plain":
      return { dataType: "text", text: body.toString() };
    case "application/octet-stream":
      return { dataType: "binary", bytes: body };
    default:
      throw new Refusal(
        415,
        "UnsupportedMediaType",
        `Content-Type: expected application/json, text/plain or application/octet-stream, got ${type || "none"}.`,
      );
  }
}

/** The body of `:addToGroups` and `:removeFromGroups`. */
export function groupChange({ body }: Pick<RestRequest, "body">): { groups: readonly string[]; filter: string } {
  const { groups, filter } = (JSON.parse(jsonText(body)) ?? {}) as { groups?: unknown; filter?: unknown };
  const isList = Array.isArray(groups) && groups.every((group) => typeof group === "string" && group !== "");
  if (!isList) throw new Refusal(400, "BadRequest", "groups: expected a list of names.");
  if (typeof filter !== "string") throw new Refusal(400, "BadRequest", "filter: expected an OData filter.");
  return { groups: groups as string[], filter };
}

function jsonText(body: Buffer): string {
  const text = body.toString();
  try {
    JSON.parse(text);
    return text;
  } catch (error) {
    throw new Refusal(400, "BadRequest", `Expected a body of JSON: ${(error as Error).message}`);
  }
}
