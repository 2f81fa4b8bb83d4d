/** The text of a Notion block, without that of the blocks inside it; empty for one without text. Pure. */
export function blockText(block: { readonly type: string; readonly [field: string]: unknown }): string {
  const content = block[block.type];
  if (typeof content !== "object" || content === null) return "";
  const { rich_text, caption, cells, title, expression, url } = content as Record<string, unknown>;
  if (Array.isArray(cells)) return cells.map(plainText).join(" | ");
  if (typeof title === "string") return title;
  if (typeof expression === "string") return expression;
  return [plainText(rich_text), plainText(caption), typeof url === "string" ? url : ""].filter(Boolean).join(" ");
}

function plainText(parts: unknown): string {
  if (!Array.isArray(parts)) return "";
  return parts
    .map((part: unknown) => (part as { plain_text?: unknown } | null)?.plain_text)
    .filter((text) => typeof text === "string")
    .join("");
}
