export type Permission = "joinLeaveGroup" | "sendToGroup";

/** What a connection may do with groups: roles of its token, and what was granted or revoked since. */
export class Permissions {
  /** A role that names no group counts for all of them. */
  readonly #everywhere = new Set<Permission>();
  readonly #groups = new Set<`${Permission}.${string}`>();
  readonly #patterns: { readonly permission: Permission; readonly pattern: RegExp }[] = [];

  /**
   * @param roles `webpubsub.<permission>`, `webpubsub.<permission>.<group>`, or with wildcards
   *   `webpubsub.<permission>s.<pattern>`. Roles of other kinds mean nothing here.
   */
  constructor(roles: readonly string[] = []) {
    for (const role of roles) this.#add(role);
  }

  allows(permission: Permission, group: string): boolean {
    return (
      this.#everywhere.has(permission) ||
      this.#groups.has(`${permission}.${group}`) ||
      this.#patterns.some((role) => role.permission === permission && role.pattern.test(group))
    );
  }

  /** @param group undefined: every group */
  grant(permission: Permission, group: string | undefined): void {
    if (group === undefined) this.#everywhere.add(permission);
    else this.#groups.add(`${permission}.${group}`);
  }

  /** Takes back what was granted under the same name: a permission for all groups stays when one group is named. */
  revoke(permission: Permission, group: string | undefined): void {
    if (group === undefined) this.#everywhere.delete(permission);
    else this.#groups.delete(`${permission}.${group}`);
  }

  /** Whether exactly this has been given: for all groups when none is named. */
  holds(permission: Permission, group: string | undefined): boolean {
    return group === undefined ? this.#everywhere.has(permission) : this.allows(permission, group);
  }

  #add(role: string): void {
    const match = /^webpubsub\.(joinLeaveGroup|sendToGroup)(s?)(?:\.(.+))?$/s.exec(role);
    if (!match) return;
    const [, permission, many, target] = match as unknown as [string, Permission, "" | "s", string | undefined];
    if (!many) this.grant(permission, target);
    else if (target) this.#patterns.push({ permission, pattern: wildcard(target) });
  }
}

/** `?` and `*` stop at a dot, `**` does not, a backslash takes the next sign as it is. At most five stars. */
function wildcard(pattern: string): RegExp {
  const parts = pattern.match(/\\[\\*?]|\*\*|\*|\?|[^]/gu) ?? [];
  const stars = parts.reduce((sum, part) => sum + (part.startsWith("*") ? part.length : 0), 0);
  if (stars > 5) return /(?!)/;
  const meaning: Readonly<Record<string, string>> = { "**": "[^]*", "*": "[^.]*", "?": "[^.]" };
  const source = parts.map((part) => meaning[part] ?? literal(/^\\./.test(part) ? part.slice(1) : part));
  return new RegExp(`^${source.join("")}$`, "u");
}

function literal(sign: string): string {
  return sign.replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&");
}
