import { badRequest } from "../http-error.ts";
import { signToken } from "../token.ts";
import type { Reply, RestRequest } from "./rest-request.ts";

/** Signs a client token for an application without the key, such as one with an Entra ID identity. */
export function clientToken({ hub, query, now, endpoint, key }: RestRequest): Reply {
  const minutes = Number(query.get("minutesToExpire") ?? 60);
  if (!(minutes > 0 && minutes <= 1_440 * 365)) {
    throw badRequest(`minutesToExpire: expected more than 0 and up to 525600, got ${query.get("minutesToExpire")}.`);
  }
  const clientType = query.get("clientType") ?? "Default";
  if (clientType.toLowerCase() !== "default") {
    throw badRequest(`clientType: the emulator supports only Default, got ${clientType}.`);
  }
  const userId = query.get("userId");
  const token = signToken(
    {
      aud: `${endpoint}/client/hubs/${hub.name}`,
      exp: Math.floor(now / 1_000) + Math.round(minutes * 60),
      ...(userId !== null && { sub: userId }),
      role: query.getAll("role"),
      "webpubsub.group": query.getAll("group"),
    },
    key,
  );
  return { status: 200, body: { token } };
}
