import type { Route } from "#http/route.ts";
import { acknowledgeIncident } from "./acknowledge-incident.ts";
import { addCorrection } from "./add-correction.ts";
import { approvePatternProposal } from "./approve-pattern-proposal.ts";
import { dismissRetryDeadLetter, replayDeadLetter } from "./decide-on-dead-letter.ts";
import { getAgentAudit } from "./get-agent-audit.ts";
import { getCallPreview } from "./get-call-preview.ts";
import { getDigestPreview } from "./get-digest-preview.ts";
import { getIncidents } from "./get-incidents.ts";
import { getMemory } from "./get-memory.ts";
import { getPatternProposal } from "./get-pattern-proposal.ts";
import { getPatternProposals } from "./get-pattern-proposals.ts";
import { getPatterns } from "./get-patterns.ts";
import { getRetryDeadLetters } from "./get-retry-dead-letters.ts";
import { getRetryJobs } from "./get-retry-jobs.ts";
import { rejectPatternProposal } from "./reject-pattern-proposal.ts";
import { resolveIncident } from "./resolve-incident.ts";
import { submitChatMessages } from "./submit-chat-messages.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  getAgentAudit,
  getRetryJobs,
  getRetryDeadLetters,
  replayDeadLetter,
  dismissRetryDeadLetter,
  getIncidents,
  acknowledgeIncident,
  resolveIncident,
  getPatterns,
  getPatternProposals,
  getPatternProposal,
  approvePatternProposal,
  rejectPatternProposal,
  addCorrection,
  submitChatMessages,
  getDigestPreview,
  getCallPreview,
  getMemory,
];
