import type { Scope } from "#data/platform/scope.ts";
import type { App } from "#http/app-services.ts";
import { readScope } from "#operations/read-scope.ts";
import { familiesOf } from "./controls-view.ts";

/** Reads the scope of a pause. @throws InvalidInput for an unknown one: see `readScope` */
export async function findScope(app: App, scope: string): Promise<Scope> {
  return readScope(scope, { families: await familiesOf(app), jobs: app.jobs.ids });
}
