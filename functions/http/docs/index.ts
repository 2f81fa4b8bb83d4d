import type { Route } from "#http/route.ts";
import { getDocs } from "./get-docs.ts";
import { getOpenApi } from "./get-openapi.ts";
import { getRoot } from "./get-root.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [getRoot, getOpenApi, getDocs];
