import type { Protection } from "#settings/config.ts";
import { keyRole } from "./access-key.ts";
import { type Access, checkerOf, type Role } from "./checker.ts";
import { changedFromElsewhere } from "./cross-site.ts";
import { type Principal, readPrincipal } from "./principal.ts";
import { Problem } from "./problem.ts";
import type { Request } from "./request.ts";

export interface Caller {
  /** For the audit. */
  readonly name: string;
  readonly role: Role | null;
}

/**
 * Who calls, if they may.
 * @throws Problem 401 when nobody says who they are, or falsely; 403 when they may not do this
 */
export function callerOf(
  access: Access,
  request: Pick<Request, "method" | "header" | "query">,
  protection: Protection,
): Caller {
  const checker = checkerOf(access, protection);
  if (checker === "nobody") return { name: "anyone", role: null };
  // The host has let it through.
  if (checker === "host") return { name: "function key", role: "operator" };
  const caller = identify(access, request, protection);
  const needed: Role = access === "viewer" ? "viewer" : "operator";
  if (caller.role === "operator" || caller.role === needed) return caller;
  throw new Problem(403, "forbidden", `${caller.name} may not do this: it takes the role rota.${needed}`);
}

function identify(
  access: Access,
  request: Pick<Request, "method" | "header" | "query">,
  protection: Protection,
): Caller {
  const key = request.header("x-functions-key") ?? request.query.get("code");
  if (key !== null) {
    const role = keyRole(key, protection);
    if (role) return { name: `${role} key`, role };
    throw unauthorized("the key is not one of this app");
  }
  // Without Easy Auth this header is whatever its sender likes to be.
  const claimed = protection.easyAuth && access !== "key" ? request.header("x-ms-client-principal") : null;
  if (claimed === null) throw unauthorized(WAYS_IN[access === "key" ? "key" : "role"]);
  const principal = readPrincipal(claimed);
  if (!principal) throw unauthorized("the principal cannot be read, or does not come from Entra ID");
  if (changedFromElsewhere(request)) {
    const cure = "send it from the app's own pages, or with the header x-rota-request";
    throw new Problem(403, "cross-site-request", `a change by a browser must come from here: ${cure}`);
  }
  return callerFrom(principal);
}

function callerFrom({ name, roles }: Principal): Caller {
  const role = roles.has("rota.operator") ? "operator" : roles.has("rota.viewer") ? "viewer" : null;
  return { name: `entra:${name}`, role };
}

const WAYS_IN = {
  key: "expected a key in x-functions-key; locally set ROTA_OPERATOR_KEY and send that",
  role: "expected a key in x-functions-key (ROTA_OPERATOR_KEY or ROTA_VIEWER_KEY), or a signed-in principal",
};

function unauthorized(detail: string): Problem {
  return new Problem(401, "unauthorized", detail, {
    headers: { "www-authenticate": 'ApiKey realm="rota", header="x-functions-key"' },
  });
}
