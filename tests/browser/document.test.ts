import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { renderHtml } from "#documents/render-html.ts";
import { pagesOf } from "../shared/documents/pdf-text.ts";
import { sampleDocument } from "../shared/documents/sample-document.ts";
import { sampleMemo } from "../shared/documents/sample-lien.ts";

const CHROMIUM = "/usr/bin/chromium";
const isHere = existsSync(CHROMIUM);
if (!isHere) console.warn(`skipped: there is no browser at ${CHROMIUM}`);

it.skipIf(!isHere)("a memo fits a phone and prints whole; what a list has brought into it can do nothing", async () => {
  const { chromium } = await import("playwright-core");
  const memo = sampleMemo();
  const hostile = `</dd></style><script>window.pwned = true</script><img src=x onerror="window.pwned = true">`;
  const address = `${hostile} ${"Unbreakable".repeat(50)}`;
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
  try {
    const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
    const requests: string[] = [];
    page.on("request", (request) => requests.push(request.url()));
    const facts = { ...memo, property: { ...memo.property, address } };
    await page.setContent(renderHtml(sampleDocument("deal_memo", facts)), { waitUntil: "load" });
    expect(await page.locator("dd", { hasText: "Unbreakable" }).textContent()).toBe(address);
    expect(await page.locator("script, img").count()).toBe(0);
    expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
    expect(requests).toEqual([]);
    // Nothing sticks out; a wide table scrolls by itself.
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);

    await page.setContent(renderHtml(sampleDocument("deal_memo", memo)));
    const pages = await pagesOf(await page.pdf({ preferCSSPageSize: true }));
    // How many pages it takes is for the letters of the machine to say.
    expect(pages.at(-1)).toContain("The violation was closed");
    expect(pages[0]).toContain("Computation");
    expect(pages.join(" ")).toContain("What the risk score consists of");
  } finally {
    await browser.close();
  }
});
