/** Records that rest on liens: `deals that depend on its liens: 2 (deal 7 on C-1, deal 9 on C-4)`. */
export function dependentsText({
  kind,
  count,
  examples,
}: {
  readonly kind: string;
  readonly count: number;
  readonly examples: readonly string[];
}): string {
  const more = count > examples.length ? `, and ${count - examples.length} more` : "";
  return `${kind} that depend on its liens: ${count} (${examples.join(", ")}${more})`;
}
