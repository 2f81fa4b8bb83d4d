import { z } from "zod";

/** Why somebody steers: it stands in the audit and with what it stopped. */
export const auditReason = z.string().trim().min(3, "say why, in 3 to 500 characters").max(500);
