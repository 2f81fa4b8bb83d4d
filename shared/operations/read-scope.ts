import { type FamilyScope, familyScope, jobScope, type Scope, withoutAlias } from "#data/platform/scope.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { suggestion } from "#text/suggestion.ts";

/** The ids that a scope may name. */
export interface KnownIds {
  readonly families: readonly string[];
  /** None where a scope is never a job. */
  readonly jobs: readonly string[];
}

/**
 * Reads a scope: `all`, `family:<id>` or `job:<id>`; `global` and a bare family id are aliases.
 * @throws InvalidInput with the field `scope`, the value and what is accepted
 */
export function readScope(text: string, known: KnownIds): Scope {
  const meant = withoutAlias(text, known.families);
  const scope = scopesOf(known).find((one) => one === meant);
  if (!scope) throw new InvalidInput([scopeFault(text, known)]);
  return scope;
}

/** The same where a scope is never a job; undefined for an unknown one. */
export function findFamilyScope(text: string, families: readonly string[]): "all" | FamilyScope | undefined {
  const meant = withoutAlias(text, families);
  return (["all", ...families.map(familyScope)] as const).find((one) => one === meant);
}

/** What is wrong with an unknown scope. */
export function scopeFault(text: string, known: KnownIds): InvalidInput["issues"][number] {
  const { families, jobs } = known;
  const accepted = [...scopesOf({ families, jobs: [] }), ...(jobs.length ? ["job:<id>"] : [])];
  const meant = jobs.includes(text) ? jobScope(text) : suggestion(text, [...scopesOf(known), ...families]);
  const hint = meant === undefined ? "" : `; did you mean ${withoutAlias(meant, families)}?`;
  return { field: "scope", reason: `expected one of ${accepted.join(", ")}, got ${JSON.stringify(text)}${hint}` };
}

function scopesOf({ families, jobs }: KnownIds): Scope[] {
  return ["all", ...families.map(familyScope), ...jobs.map(jobScope)];
}
