import type { Protection } from "#settings/config.ts";
import { keyRole } from "./access-key.ts";
import { type Access, checkerOf, type Role } from "./access-policy.ts";
import { isCrossSiteChange } from "./cross-site.ts";
import { type Principal, readPrincipal } from "./principal.ts";
import { Problem } from "./problem.ts";
import type { Request } from "./request.ts";

/** Who sent a request. */
export interface Caller {
  /** As the audit names it. */
  readonly name: string;
  readonly role: Role | null;
}

/**
 * Identifies and authorizes the caller of a route.
 * @throws Problem 401 when credentials are absent or invalid; 403 when the caller lacks the role
 */
export function identifyCaller(
  access: Access,
  request: Pick<Request, "method" | "header" | "query">,
  protection: Protection,
): Caller {
  const checker = checkerOf(access, protection);
  if (checker === "none") return { name: "anyone", role: null };
  // The host has checked the key.
  if (checker === "host") return { name: "function key", role: "operator" };
  const caller = identify(access, request, protection);
  const needed: Role = access === "viewer" ? "viewer" : "operator";
  if (caller.role === "operator" || caller.role === needed) return caller;
  throw new Problem(403, "forbidden", `${caller.name} lacks the role rota.${needed}`);
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
    throw unauthorized("the key is unknown");
  }
  // Without Easy Auth, any sender could forge this header.
  const principalHeader = protection.easyAuth && access !== "key" ? request.header("x-ms-client-principal") : null;
  if (principalHeader === null) throw unauthorized(EXPECTED_CREDENTIALS[access === "key" ? "key" : "role"]);
  const principal = readPrincipal(principalHeader);
  if (!principal) throw unauthorized("the principal is malformed or not from Entra ID");
  if (isCrossSiteChange(request)) {
    const remedy = "send it from a page of this app, or with the header x-rota-request";
    throw new Problem(403, "cross-site-request", `another site may have sent this change: ${remedy}`);
  }
  return callerFrom(principal);
}

function callerFrom({ name, roles }: Principal): Caller {
  const role = roles.has("rota.operator") ? "operator" : roles.has("rota.viewer") ? "viewer" : null;
  return { name: `entra:${name}`, role };
}

const EXPECTED_CREDENTIALS = {
  key: "expected a key in x-functions-key; locally set ROTA_OPERATOR_KEY and send that",
  role: "expected a key in x-functions-key (ROTA_OPERATOR_KEY or ROTA_VIEWER_KEY), or a signed-in principal",
};

function unauthorized(detail: string): Problem {
  return new Problem(401, "unauthorized", detail, {
    headers: { "www-authenticate": 'ApiKey realm="rota", header="x-functions-key"' },
  });
}
