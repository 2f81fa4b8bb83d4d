import type { Protection } from "#settings/config.ts";

/**
 * Who may call a route. `open`: anybody. `key`: a machine with a function key. `viewer`: who may look; `operator`: who may
 * change, and look as well: by one of the app's keys, or an Entra principal with the app role `rota.viewer` or `rota.operator`.
 */
export type Access = "open" | "key" | Role;
export type Role = "viewer" | "operator";

/**
 * Who lets callers through: the host, by its function keys, or the app itself. Pages for browsers need the app: a host that
 * asks for a key shuts out whoever signed in. With nothing to check by and a host that does not, the app refuses everybody.
 */
export function checkerOf(access: Access, protection: Protection): "nobody" | "host" | "app" {
  if (access === "open") return "nobody";
  const appCanCheck = Boolean(protection.operatorKey ?? protection.viewerKey) || protection.easyAuth;
  if (access !== "key" && appCanCheck) return "app";
  return protection.hostChecksKeys ? "host" : "app";
}
