import { z } from "zod";

/** The caller as Easy Auth identified it. */
export interface Principal {
  readonly name: string;
  /** App roles. */
  readonly roles: ReadonlySet<string>;
}

/** Real headers are far shorter; longer ones are rejected unread. */
const MAX_LENGTH = 65_536;

// Easy Auth supports other providers, whose accounts could choose any claims.
const clientPrincipal = z.object({
  auth_typ: z.literal("aad"),
  claims: z.array(z.object({ typ: z.string(), val: z.string() })).max(1_000),
});

const ROLE = new Set(["roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"]);
const NAMES = [
  "preferred_username",
  "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
  "upn",
  "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/emailaddress",
  "http://schemas.microsoft.com/identity/claims/objectidentifier",
  "oid",
  "appid",
  "azp",
];

/**
 * Reads the header `x-ms-client-principal`: base64 of JSON with claims. Call it only where Easy Auth is on.
 * @returns null when the header is malformed, comes from another provider than Entra ID, or has no name
 */
export function readPrincipal(header: string): Principal | null {
  if (header.length > MAX_LENGTH) return null;
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(Buffer.from(header, "base64")));
  } catch {
    return null;
  }
  const read = clientPrincipal.safeParse(value);
  if (!read.success) return null;
  const { claims } = read.data;
  const name = NAMES.map((typ) => claims.find((claim) => claim.typ === typ && printable(claim.val))?.val).find(Boolean);
  if (name === undefined) return null;
  return { name: printable(name), roles: new Set(claims.filter(({ typ }) => ROLE.has(typ)).map(({ val }) => val)) };
}

/** Without control characters, for the log and the audit. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, "").trim().slice(0, 200);
}
