import type { Route } from "#http/route.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [];
