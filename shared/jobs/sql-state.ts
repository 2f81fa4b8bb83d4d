/**
 * The class of a SQLSTATE (PostgreSQL documentation, appendix A); undefined for other codes.
 */
export function sqlStateClass(code: unknown): "transient" | "validation" | "auth" | undefined {
  if (typeof code !== "string" || !/^(?=[A-Z]*\d)[0-9A-Z]{5}$/.test(code)) return undefined;
  if (isOutage(code)) return "transient";
  switch (code.slice(0, 2)) {
    case "40": // serialization failure, deadlock
    case "55": // lock not available
    case "57": // cancelled: statement_timeout, the operator
      return "transient";
    case "22": // data out of range or malformed
    case "23": // constraint
    case "44": // check option of a view
      return "validation";
    case "28": // credentials
      return "auth";
    default:
      return code === "42501" ? "auth" : undefined; // insufficient privilege
  }
}

/** Whether a SQLSTATE is about the server, not about a statement. */
export function isOutage(code: string): boolean {
  if (!/^[0-9A-Z]{5}$/.test(code)) return false;
  // 08 connection (except 08P01, a malformed message, which is our fault), 53 out of resources, 57P shutdown, 58
  // input/output, 25006 read-only: a standby that was the primary before.
  return (/^(08|53|58)/.test(code) && code !== "08P01") || code.startsWith("57P") || code === "25006";
}
