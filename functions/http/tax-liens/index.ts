import type { Route } from "#http/route.ts";
import { addPropertyValuations } from "./add-property-valuations.ts";
import { getCounties } from "./get-counties.ts";
import { getCounty } from "./get-county.ts";
import { getIngestions } from "./get-ingestions.ts";
import { getLienMetrics } from "./get-lien-metrics.ts";
import { getLiens } from "./get-liens.ts";
import { getUploadedLists } from "./get-uploaded-lists.ts";
import { previewCounty } from "./preview-county.ts";
import { putCounty } from "./put-county.ts";
import { putSubsequentTaxes } from "./put-subsequent-taxes.ts";
import { requestDeletion } from "./request-deletion.ts";
import { undoIngestion } from "./undo-ingestion.ts";
import { uploadList } from "./upload-list.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [
  putCounty,
  getCounties,
  getCounty,
  previewCounty,
  requestDeletion,
  uploadList,
  getUploadedLists,
  getIngestions,
  undoIngestion,
  getLiens,
  getLienMetrics,
  putSubsequentTaxes,
  addPropertyValuations,
];
