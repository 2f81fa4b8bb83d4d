import { load } from "cheerio";
import { describe, expect, it } from "vitest";
import type { Block, DocumentModel } from "#documents/document-model.ts";
import { renderPdf } from "#documents/pdf/render-pdf.ts";
import { renderHtml } from "#documents/render-html.ts";
import { findTemplate } from "#documents/templates.ts";
import { InvalidInput } from "#jobs/endings.ts";
import { drawnPages } from "./pdf-pixels.ts";
import { pagesOf } from "./pdf-text.ts";
import { dealFacts, diligenceFacts, statementFacts } from "./sample-contexts.ts";
import { asOf, sampleDocument } from "./sample-document.ts";
import { sampleMemo } from "./sample-lien.ts";

const document = (...blocks: Block[]): DocumentModel => ({
  title: "A title",
  subtitle: "A subtitle",
  recipient: null,
  reference: "Document 1",
  asOf,
  blocks,
});

describe.each([
  ["deal_memo", dealFacts, ["84.2", "14.62%", "$4,395.55", "304-12-118", "Time to redemption", "August 10, 2027"]],
  ["portfolio_statement", statementFacts(3), ["$1,284,310.77", "AZ-2024-000003", "Without a recent valuation"]],
  ["lien_due_diligence", diligenceFacts, ["2 of 4", "unsafe pool fence", "$615.00", "These failed: Code violations"]],
] as const)("%s", (name, facts, expected) => {
  it("has the same texts as PDF and as HTML", async () => {
    const model = sampleDocument(name, facts);
    const pdf = (await pagesOf(await renderPdf(model))).join(" ");
    const html = load(renderHtml(model)).text();
    for (const text of [model.title, ...expected]) {
      expect(pdf).toContain(text);
      expect(html).toContain(text);
    }
  });

  it("has the same bytes for the same facts", async () => {
    const [one, two] = [sampleDocument(name, facts), sampleDocument(name, structuredClone(facts))];
    expect((await renderPdf(one)).equals(await renderPdf(two))).toBe(true);
    expect(renderHtml(one)).toBe(renderHtml(two));
  });
});

it("an unknown template is not retryable", () => {
  expect(() => findTemplate("toString")).toThrow(InvalidInput);
  expect(() => findTemplate("memo")).toThrow("expected one of deal_memo, portfolio_statement, lien_due_diligence");
});

describe("a PDF", () => {
  it("repeats a table's header on each of its pages, numbers them, and loses no row", async () => {
    const pages = await pagesOf(await renderPdf(sampleDocument("portfolio_statement", statementFacts(200))));
    expect(pages.length).toBeGreaterThan(4);
    pages.forEach((text, at) => {
      expect(text).toContain("Write-down");
      expect(text).toContain(`Page ${at + 1} of ${pages.length}`);
    });
    const all = pages.join(" ");
    for (let at = 2; at <= 200; at++) expect(all).toContain(`AZ-2024-${String(at).padStart(6, "0")}`);
  });

  it("keeps its characters after another document was drawn", async () => {
    // The font draws the letters f and i with the glyph of the one character that is both.
    const [one, other] = ["certificate", "certi\ufb01cate"].map((text) => document({ kind: "paragraph", text })) as [
      DocumentModel,
      DocumentModel,
    ];
    const first = await renderPdf(one);
    // They look the same; what is copied from them is not.
    expect((await renderPdf(other)).equals(first)).toBe(false);
    expect((await renderPdf(one)).equals(first)).toBe(true);
  });

  it("breaks a word of 10,000 letters over lines and pages, in a table as in a paragraph", async () => {
    const long = "W".repeat(10_000);
    const column = { title: "Name", align: "left", share: 1 } as const;
    const table = { kind: "table", columns: [column, column], rows: [[long, "short"]] } as const;
    const pages = await pagesOf(await renderPdf(document({ kind: "paragraph", text: long }, table)));
    expect(pages.join("").split("W").length - 1).toBe(20_000);
  });

  it("shows characters that its font lacks as boxes, and counts them", async () => {
    const text = (
      await pagesOf(await renderPdf(document({ kind: "paragraph", text: "House \u{1f3e0} and \u6f22\u5b57" })))
    ).join(" ");
    expect(text).toContain("House \u25a1 and \u25a1\u25a1");
    expect(text).toContain("3 characters that this file's font does not have");
  });

  it("draws right-to-left words, Greek and Cyrillic", async () => {
    const text = (
      await pagesOf(
        await renderPdf(
          document({
            kind: "paragraph",
            text: "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd, \u0395\u03bb\u03bb\u03ac\u03c2, \u041c\u043e\u0441\u043a\u0432\u0430",
          }),
        ),
      )
    ).join(" ");
    expect(text).not.toContain("\u25a1");
    expect(text).toContain("\u0395\u03bb\u03bb\u03ac\u03c2");
    expect(text).toContain("\u041c\u043e\u0441\u043a\u0432\u0430");
  });

  it("leaves a space between right-to-left words and beside them", async () => {
    const words = ["was", "\u05e9\u05dc\u05d5\u05dd", "\u05e2\u05d5\u05dc\u05dd", "here"];
    const [text] = await pagesOf(await renderPdf(document({ kind: "paragraph", text: words.join(" ") })));
    expect(text!.split(" ")).toEqual(expect.arrayContaining(words));
  });

  it("draws nothing beyond its margins, for any fields", async () => {
    const long = "Unbreakable".repeat(200);
    const memo = sampleMemo();
    const hostile = {
      ...memo,
      lien: { ...memo.lien, certificate: `${long}-\u05e9\u05dc\u05d5\u05dd`, county: long },
      property: { ...memo.property, address: `${long} \u{1f3e0}`, parcel: "1 ".repeat(1_000) },
    };
    for (const facts of [memo, hostile]) {
      const pages = await drawnPages(await renderPdf(sampleDocument("deal_memo", facts)));
      expect(pages.length).toBeGreaterThan(1);
      for (const drawn of pages) {
        // 54 points on each side; page numbers and titles stand in the margins above and below.
        expect(drawn!.left).toBeGreaterThanOrEqual(53);
        expect(drawn!.right).toBeLessThanOrEqual(542);
        expect(drawn!.top).toBeGreaterThanOrEqual(28);
        expect(drawn!.bottom).toBeLessThanOrEqual(805);
      }
    }
  });

  it("uses a smaller font before it breaks a key figure", async () => {
    const figures = ["$1,284,310.77", "$98,310,772,000.25", "1", "2"].map((value) => ({ label: "Figure", value }));
    const [page] = await pagesOf(await renderPdf(document({ kind: "figures", figures })));
    for (const { value } of figures) expect(page).toContain(value);
  });

  it("keeps a heading on the page of its block", async () => {
    const lines = (count: number) => ({ kind: "paragraph", text: Array(count).fill("line").join("\n") }) as const;
    const column = { title: "Column", align: "left", share: 1 } as const;
    const table = {
      kind: "table",
      columns: [column],
      rows: Array.from({ length: 9 }, (_, at) => [`row ${at}`]),
    } as const;
    const [first, second] = await pagesOf(
      await renderPdf(document(lines(40), { kind: "heading", text: "Heading" }, table)),
    );
    expect(first).not.toContain("Heading");
    expect(second).toMatch(/Heading.*Column.*row 0.*row 8/);
  });

  it.each([
    [[]],
    [[{ kind: "figures", figures: [] } as const]],
    [[{ kind: "chart", title: "Empty", bars: [] } as const]],
  ])("is drawn from %j", async (blocks: Block[]) => {
    expect(await pagesOf(await renderPdf(document(...blocks)))).toHaveLength(1);
  });
});

describe("HTML", () => {
  const nasty = `</td><script>alert(1)</script><img src=x onerror="alert(2)">'"&amp;`;

  it("shows markup in any field as text", () => {
    const facts = structuredClone(diligenceFacts) as unknown as Record<string, never>;
    const fill = (value: unknown): unknown =>
      typeof value === "string" && !/^\d{4}-|^-?[\d.]+$|^(pass|warning|fail)$/.test(value)
        ? nasty
        : typeof value === "object" && value !== null
          ? Object.assign(value, Object.fromEntries(Object.entries(value).map(([key, one]) => [key, fill(one)])))
          : value;
    const $ = load(renderHtml(sampleDocument("lien_due_diligence", fill(facts))));
    expect($("script, img, [onerror]")).toHaveLength(0);
    expect($("td").text()).toContain(nasty);
  });

  it("loads no external resources", () => {
    const html = renderHtml(sampleDocument("deal_memo", dealFacts));
    expect(html).not.toMatch(/(src|href)=|url\(|@import/);
    expect(load(html)("svg rect")).toHaveLength(5);
  });

  it("removes control characters and bidirectional marks", () => {
    const html = renderHtml(document({ kind: "paragraph", text: "a\u0000b\u202Egpj.exe\u2066\ud800" }));
    expect(html).toContain("abgpj.exe\ufffd");
  });
});
