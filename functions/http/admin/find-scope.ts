import type { App } from "#http/app-services.ts";
import { badRequest } from "#http/problem.ts";
import { familiesOf } from "./controls-view.ts";
import { findJob } from "./find-job.ts";

/**
 * Checks the scope of a pause: `all`, `family:<id>` or `job:<id>`.
 * @throws Problem 400 for an unknown family, 404 for an unknown job
 */
export async function findScope(app: App, scope: string): Promise<string> {
  const [kind, id = ""] = scope.split(":");
  if (scope === "all") return scope;
  if (kind === "job") return `job:${(await findJob(app, id)).id}`;
  const families = await familiesOf(app);
  if (kind === "family" && families.includes(id)) return scope;
  const known = ["all", ...families.map((family) => `family:${family}`)].join(", ");
  throw badRequest([{ field: "scope", reason: `expected ${known} or job:<id>, got ${JSON.stringify(scope)}` }]);
}
