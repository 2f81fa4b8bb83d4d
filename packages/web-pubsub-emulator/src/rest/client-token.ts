import { Refusal } from "../refusal.ts";
import { signToken } from "../token.ts";
import type { Reply, RestRequest } from "./request.ts";

/** Signs a client's token for an application that has no key itself. */
export function clientToken({ hub, query, now, endpoint, key }: RestRequest): Reply {
  const minutes = Number(query.get("minutesToExpire") ?? 60);
  if (!(minutes > 0 && minutes <= 1_440 * 365)) {
    throw new Refusal(400, "BadRequest", `minutesToExpire: expected minutes, got ${query.get("minutesToExpire")}.`);
  }
  const clientType = query.get("clientType") ?? "Default";
  if (clientType.toLowerCase() !== "default") {
    throw new Refusal(400, "BadRequest", `clientType: this stand-in serves Default alone, got ${clientType}.`);
  }
  const userId = query.get("userId");
  const seconds = Math.floor(now / 1_000);
  const token = signToken(
    {
      aud: `${endpoint}/client/hubs/${hub.name}`,
      exp: seconds + Math.round(minutes * 60),
      ...(userId !== null && { sub: userId }),
      role: query.getAll("role"),
      "webpubsub.group": query.getAll("group"),
    },
    key,
  );
  return { status: 200, body: { token } };
}
