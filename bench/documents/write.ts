import type { DocumentModel } from "#documents/document-model.ts";
import { renderPdf } from "#documents/pdf/render-pdf.ts";
import { renderHtml } from "#documents/render-html.ts";
import { statementFacts } from "../../tests/shared/documents/sample-contexts.ts";
import { sampleDocument } from "../../tests/shared/documents/sample-document.ts";
import { sampleMemo } from "../../tests/shared/documents/sample-lien.ts";
import { peakMiB } from "../support/process-cost.ts";
import { bareLines, bareTables } from "./bare-pdfkit.ts";

export interface Measured {
  readonly ms: number;
  readonly cpuMs: number;
  readonly bytes: number;
  readonly peakMiB: number;
}

const WAYS: Readonly<Record<string, (model: DocumentModel) => Promise<Buffer>>> = {
  pdf: renderPdf,
  html: async (model) => Buffer.from(renderHtml(model)),
  lines: bareLines,
  tables: bareTables,
};
/** After these rounds the code is compiled and the fonts are loaded. */
const WARM_UP = 5;

const [way = "", count = "", kind = "", holdings = ""] = process.argv.slice(2);
const draw = WAYS[way]!;
for (let nth = 0; nth < WARM_UP; nth++) await draw(modelOf(nth));
const [start, cpu] = [performance.now(), process.cpuUsage()];
let bytes = 0;
for (let nth = 0; nth < Number(count); nth++) bytes += (await draw(modelOf(WARM_UP + nth))).length;
const [ms, { user, system }] = [performance.now() - start, process.cpuUsage(cpu)];
const measured: Measured = { ms, cpuMs: (user + system) / 1_000, bytes, peakMiB: peakMiB() };
console.log(JSON.stringify(measured));

/** Each document has another certificate, so that no result is cached. */
function modelOf(nth: number): DocumentModel {
  if (kind === "statement") {
    return sampleDocument("portfolio_statement", { ...statementFacts(Number(holdings)), portfolio: `Fund ${nth}` });
  }
  const memo = sampleMemo();
  return sampleDocument("deal_memo", { ...memo, lien: { ...memo.lien, certificate: `SG-2024-${nth}` } });
}
