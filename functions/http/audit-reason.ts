import { z } from "zod";

/** The reason of an operator's action: it is stored in the audit and with what the action stops. */
export const auditReason = z.string().trim().min(3, "expected a reason of 3 to 500 characters").max(500);
