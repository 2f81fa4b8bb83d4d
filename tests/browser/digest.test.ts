import { existsSync } from "node:fs";
import { expect, it } from "vitest";
import { digestOf } from "#notifications/digest.ts";
import { emailOf } from "#notifications/email.ts";

const CHROMIUM = "/usr/bin/chromium";
const isHere = existsSync(CHROMIUM);
if (!isHere) console.warn(`skipped: there is no browser at ${CHROMIUM}`);

it.skipIf(!isHere)(
  "a digest looks as it should in a browser, and what it brings can do nothing there",
  async () => {
    const { chromium } = await import("playwright-core");
    const createdAt = new Date("2026-03-10T03:00:00Z");
    const hostile = [
      `<script>window.pwned = true</script>`,
      `<img src=x onerror="window.pwned = true">`,
      `</title></style></h2><iframe srcdoc="<script>parent.pwned = true</script>"></iframe>`,
      `"><svg onload=window.pwned=true>&lt;b&gt;`,
    ];
    const unread = hostile.map((text) => ({
      severity: "WARN" as const,
      title: text,
      body: `${text}\n\nline\nbreak`,
      createdAt,
    }));
    const { type, title, body, data } = digestOf("anna", unread, { day: "2026-03-10", zone: "America/Phoenix" });
    const { html } = emailOf({ type, title, body, data: data! });

    const browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox"] });
    try {
      const page = await browser.newPage({ viewport: { width: 390, height: 800 } });
      const requests: string[] = [];
      page.on("request", (request) => requests.push(request.url()));
      await page.setContent(html, { waitUntil: "load" });
      expect(await page.title()).toBe("4 unread notifications, 2026-03-10");
      expect(await page.locator("h2").allTextContents()).toEqual(hostile.map((text) => `WARN: ${text}`));
      expect(await page.locator("p.when").first().textContent()).toBe("9 Mar 2026, 20:00");
      expect(await page.locator("script, img, iframe, svg").count()).toBe(0);
      expect(await page.evaluate(() => "pwned" in globalThis)).toBe(false);
      expect(requests).toEqual([]);
      // Readable on a phone: nothing sticks out.
      expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    } finally {
      await browser.close();
    }
  },
  60_000,
);
