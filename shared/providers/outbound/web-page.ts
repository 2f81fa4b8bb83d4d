/**
 * Whether an answer is a page for people (a maintenance notice, a challenge, a captive portal) and not data. Decided by
 * how the body begins, because data is often mislabelled: HTML tags always count, any other tag only under `text/html`.
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
