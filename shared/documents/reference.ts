/**
 * The short name of a document for people: `DM-2026-03-10-8435A8`. It has the initials of the template, the UTC day and
 * the end of the id.
 */
export function referenceOf({ template, id, createdAt }: { template: string; id: string; createdAt: Date }): string {
  const initials = template.replaceAll(/([a-z])[a-z]*_?/g, "$1");
  return `${initials}-${createdAt.toISOString().slice(0, 10)}-${id.slice(-6)}`.toUpperCase();
}
