/**
 * What a switch or a pause applies to: everything, the jobs of a family, or a job. This is the one notation that people
 * see and write. The prefix keeps a family apart from a job with the same id.
 */
export type Scope = "all" | FamilyScope | JobScope;
export type FamilyScope = `family:${string}`;
export type JobScope = `job:${string}`;

/** How earlier versions wrote `all`. Rows of the controls and older entries of the audit have it. */
export const GLOBAL = "global";

export function familyScope(id: string): FamilyScope {
  return `family:${id}`;
}

export function jobScope(id: string): JobScope {
  return `job:${id}`;
}

/** The scope that the notation of earlier versions means: `global`, or a bare family id. Other texts stay. */
export function withoutAlias(text: string, families: readonly string[]): string {
  if (text === GLOBAL || text === "all") return "all";
  return families.includes(text) ? familyScope(text) : text;
}

/** The id that a scope names; undefined for all others. */
export function idIn(kind: "family" | "job", scope: Scope): string | undefined {
  return scope.startsWith(`${kind}:`) ? scope.slice(kind.length + 1) : undefined;
}
