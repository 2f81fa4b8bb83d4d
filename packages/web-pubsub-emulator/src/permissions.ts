export type Permission = "joinLeaveGroup" | "sendToGroup";

/** The permissions of a connection: the roles of its token, and later grants and revocations. */
export class Permissions {
  readonly #allGroups = new Set<Permission>();
  readonly #groups = new Set<`${Permission}.${string}`>();
  readonly #patterns: { readonly permission: Permission; readonly pattern: RegExp }[] = [];

  /**
   * @param roles `webpubsub.<permission>` for all groups, `webpubsub.<permission>.<group>`, or with wildcards
   *   `webpubsub.<permission>s.<pattern>`. Ignores other roles.
   */
  constructor(roles: readonly string[] = []) {
    for (const role of roles) this.#addRole(role);
  }

  allows(permission: Permission, group: string): boolean {
    return (
      this.#allGroups.has(permission) ||
      this.#groups.has(`${permission}.${group}`) ||
      this.#patterns.some((role) => role.permission === permission && role.pattern.test(group))
    );
  }

  /** @param group undefined: all groups */
  grant(permission: Permission, group: string | undefined): void {
    if (group === undefined) this.#allGroups.add(permission);
    else this.#groups.add(`${permission}.${group}`);
  }

  /** Reverts a grant with the same arguments: revoking one group does not change a grant for all groups. */
  revoke(permission: Permission, group: string | undefined): void {
    if (group === undefined) this.#allGroups.delete(permission);
    else this.#groups.delete(`${permission}.${group}`);
  }

  /** @param group undefined: whether the permission is granted for all groups */
  holds(permission: Permission, group: string | undefined): boolean {
    return group === undefined ? this.#allGroups.has(permission) : this.allows(permission, group);
  }

  #addRole(role: string): void {
    const match = /^webpubsub\.(joinLeaveGroup|sendToGroup)(s?)(?:\.(.+))?$/s.exec(role);
    if (!match) return;
    const [, permission, plural, target] = match as unknown as [string, Permission, "" | "s", string | undefined];
    if (!plural) this.grant(permission, target);
    else if (target) this.#patterns.push({ permission, pattern: wildcard(target) });
  }
}

/** `?` and `*` do not match a dot, `**` does; a backslash escapes. More than five stars match nothing. */
function wildcard(pattern: string): RegExp {
  const parts = pattern.match(/\\[\\*?]|\*\*|\*|\?|[^]/gu) ?? [];
  const stars = parts.reduce((sum, part) => sum + (part.startsWith("*") ? part.length : 0), 0);
  if (stars > 5) return /(?!)/;
  const wildcards: Readonly<Record<string, string>> = { "**": "[^]*", "*": "[^.]*", "?": "[^.]" };
  const source = parts.map((part) => wildcards[part] ?? escapeRegExp(/^\\./.test(part) ? part.slice(1) : part));
  return new RegExp(`^${source.join("")}$`, "u");
}

function escapeRegExp(character: string): string {
  return character.replace(/[\\^$.*+?()[\]{}|/]/u, "\\$&");
}
