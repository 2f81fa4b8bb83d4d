import type { Route } from "#http/route.ts";
import { getDocument } from "./get-document.ts";
import { getDocumentContent } from "./get-document-content.ts";
import { requestDocument } from "./request-document.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [requestDocument, getDocument, getDocumentContent];
