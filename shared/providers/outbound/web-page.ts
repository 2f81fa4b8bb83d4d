/**
 * Whether a response is a page for people (a maintenance page, a challenge, a captive portal) instead of data. The
 * beginning of the body decides, because content types are often wrong: an HTML tag always counts, another tag only
 * with `text/html`.
 */
export function isWebPage(contentType: string | undefined, beginning: string): boolean {
  const start = beginning
    .replace(/^\uFEFF/, "")
    .trimStart()
    .toLowerCase();
  if (start.startsWith("<!doctype html") || /^<html[\s>]/.test(start)) return true;
  return (
    (contentType ?? "").toLowerCase().startsWith("text/html") && start.startsWith("<") && !start.startsWith("<?xml")
  );
}
