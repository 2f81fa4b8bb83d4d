import type { Job } from "#jobs";
import { applyAnalysisDecisions } from "./apply-analysis-decisions.ts";
import { archiveOldDocuments } from "./archive-old-documents.ts";
import { cleanupReasoningLogs } from "./cleanup-reasoning-logs.ts";
import { computeDealMetrics } from "./compute-deal-metrics.ts";
import { deleteCounty } from "./delete-county/index.ts";
import { generateDocument } from "./generate-document.ts";
import { ingestCountyLiens } from "./ingest-county-liens/index.ts";
import { pruneLienIngestions } from "./prune-lien-ingestions.ts";
import { runAnalysis } from "./run-analysis/index.ts";
import { undoLienIngestion } from "./undo-lien-ingestion/index.ts";

/** The jobs of this family. */
export const jobs: readonly Job[] = [
  ingestCountyLiens,
  undoLienIngestion,
  deleteCounty,
  computeDealMetrics,
  runAnalysis,
  applyAnalysisDecisions,
  generateDocument,
  archiveOldDocuments,
  pruneLienIngestions,
  cleanupReasoningLogs,
];
