import type { Route } from "#http/route.ts";
import { getSettings } from "./get-settings.ts";
import { putSettings } from "./put-settings.ts";

/** The routes of this area, in the order in which the functions are registered. */
export const routes: readonly Route[] = [getSettings, putSettings];
