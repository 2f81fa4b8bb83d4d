import type { Tx } from "#data/client.ts";
import { recordAgentAudit } from "#data/personal-ops/agent-audit.ts";
import { recordAudit } from "#data/platform/audit-log.ts";

interface PersonsAction {
  readonly at: Date;
  readonly caller: string;
  /** A verb with its object: `incident acknowledged`. */
  readonly action: string;
  /** `incident:7`. */
  readonly subject: string;
  readonly reason?: string;
}

/** Records what a person did, in its transaction: in the audit of the whole app and in that of the family. */
export async function auditByPerson(tx: Tx, { at, caller, action, subject, reason }: PersonsAction): Promise<void> {
  const output = reason === undefined ? { subject } : { subject, reason };
  await recordAudit(tx, { at, who: caller, action, subject, ...(reason !== undefined && { reason }) });
  await recordAgentAudit(tx, { at, action, actionType: "manual", actor: caller, success: true, output });
}
