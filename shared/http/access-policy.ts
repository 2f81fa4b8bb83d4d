import type { Protection } from "#settings/config.ts";

/**
 * Who may call a route. `open`: everyone. `key`: a machine with a function key. `viewer` may read; `operator` may read
 * and change: by a key of the app, or as an Entra principal with the app role `rota.viewer` or `rota.operator`.
 */
export type Access = "open" | "key" | Role;
export type Role = "viewer" | "operator";

/**
 * Which side checks callers: the host by its function keys, or the app. Browser pages need the app, since a host that
 * requires a key rejects signed-in users. When neither has anything to check by, the app refuses every caller.
 */
export function checkerOf(access: Access, protection: Protection): "none" | "host" | "app" {
  if (access === "open") return "none";
  const appCanCheck = Boolean(protection.operatorKey ?? protection.viewerKey) || protection.easyAuth;
  if (access !== "key" && appCanCheck) return "app";
  return protection.hostChecksKeys ? "host" : "app";
}
