import type { Route } from "#http/route.ts";
import { getExtraction } from "./get-extraction.ts";
import { submitMessages } from "./submit-messages.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [submitMessages, getExtraction];
