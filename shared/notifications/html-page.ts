/**
 * A complete page for mail programs: without scripts and external resources, for light and dark mode.
 * @param body HTML
 */
export function htmlPage(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">
<title>${escapeHtml(title)}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:40em;margin:2em auto;padding:0 1em;overflow-wrap:anywhere}h1{font-size:1.25em}h2{font-size:1em;margin:1.5em 0 0}p{margin:.5em 0}.when{color:#777;font-size:.85em}</style>
</head><body>
${body}
</body></html>
`;
}

/** Plain text as paragraphs: an empty line separates them, line breaks are kept. */
export function paragraphs(text: string): string {
  return text
    .split(/\n\s*\n/)
    .filter((paragraph) => paragraph.trim() !== "")
    .map((paragraph) => `<p>${escapeHtml(paragraph.trim()).replaceAll("\n", "<br>")}</p>`)
    .join("\n");
}

/** Safe in elements and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}
