/** A process that approves a proposal, for a test to kill: the address of the database, and the approval as JSON. */
import { connect } from "#data/client.ts";
import { type Approval, approveProposal } from "#services/knowledge/approve-proposal.ts";

const [url, json] = process.argv.slice(2);
const approval = JSON.parse(json!) as Approval;
const db = connect({ url: url!, poolMax: 1, idleMs: 60_000, tls: "disable", prepare: true });
await db.transaction((tx) => approveProposal(tx, { ...approval, at: new Date(approval.at) }));
await db.$client.end();
