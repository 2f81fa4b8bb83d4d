import type { Family } from "#jobs";

export const platform: Family = { id: "platform", title: "The job layer itself" };
export const portfolio: Family = { id: "portfolio", title: "Exchange rates, ETF prices, pensions" };
export const tasks: Family = { id: "tasks", title: "Recurring tasks, reminders, overdue tasks" };
export const taxLiens: Family = {
  id: "tax-liens",
  title: "Tax liens: lists, valuations, analysis, documents",
  zoneSetting: "TAX_LIENS_TIME_ZONE",
};
export const knowledge: Family = { id: "knowledge", title: "Knowledge: proposals, their review, duplicates" };
/** Loaded with the first attempt of that family: the jobs of the others do not need it. */
const agentAudit = () => import("#data/personal-ops/agent-audit.ts");
export const personalOps: Family = {
  id: "personal-ops",
  title: "Personal operations: syncs, watchers, digest and call of one person",
  zoneSetting: "PERSONAL_OPS_TIME_ZONE",
  onTransition: async (...change) => (await agentAudit()).auditAttempt(...change),
  onHeld: async (...held) => (await agentAudit()).auditHeldRuns(...held),
};
