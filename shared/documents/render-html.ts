import { escapeHtml } from "#notifications/html-page.ts";
import {
  type BarChart,
  barLengths,
  type Block,
  type DocumentModel,
  type FactLists,
  paragraphsOf,
  plainText,
  type Table,
} from "./document-model.ts";
import { ACCENT, INK, LINE, MUTED, SHADE, TRACK, WARNING } from "./palette.ts";

/** A document as one HTML page without scripts and external resources; all texts are escaped. */
export function renderHtml({ title, subtitle, recipient, reference, blocks }: DocumentModel): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${shown(title)}</title>
<style>${STYLE}</style>
</head><body><main>
<header><h1 dir="auto">${shown(title)}</h1><p dir="auto">${shown(subtitle)}</p>${recipient === null ? "" : `<p dir="auto">Prepared for ${shown(recipient)}</p>`}</header>
${blocks.map(blockHtml).join("\n")}
<footer>${shown(reference)}</footer>
</main></body></html>
`;
}

function blockHtml(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `<h2 dir="auto">${shown(block.text)}</h2>`;
    case "paragraph":
      return paragraphsOf(block.text)
        .map((text) => `<p dir="auto"${block.tone ? ` class="${block.tone}"` : ""}>${shown(text)}</p>`)
        .join("\n");
    case "figures":
      return `<dl class="figures">${block.figures
        .map(
          ({ label, value, note }) =>
            `<div><dt>${shown(label)}</dt><dd><strong>${shown(value)}</strong>${note ? `<small>${shown(note)}</small>` : ""}</dd></div>`,
        )
        .join("")}</dl>`;
    case "facts":
      return factsHtml(block);
    case "table":
      return tableHtml(block);
    case "chart":
      return chartSvg(block);
  }
}

function factsHtml({ lists }: FactLists): string {
  const rows = (facts: FactLists["lists"][number]["facts"]) =>
    facts.map(([label, value]) => `<div><dt>${shown(label)}</dt><dd dir="auto">${shown(value)}</dd></div>`).join("\n");
  const sections = lists.map(
    ({ title, facts }) => `<section><h3>${shown(title)}</h3><dl>${rows(facts)}</dl></section>`,
  );
  return `<div class="facts">${sections.join("\n")}</div>`;
}

function tableHtml({ columns, rows, total }: Table): string {
  const cells = (row: readonly string[], tag: "td" | "th") =>
    `<tr>${row.map((text, at) => `<${tag} dir="auto" class="${columns[at]!.align}">${shown(text)}</${tag}>`).join("")}</tr>`;
  const head = `<thead>${cells(
    columns.map((column) => column.title),
    "th",
  )}</thead>`;
  const body = `<tbody>${rows.map((row) => cells(row, "td")).join("\n")}</tbody>`;
  return `<div class="wide"><table>${head}\n${body}${total ? `<tfoot>${cells(total, "td")}</tfoot>` : ""}</table></div>`;
}

const [WIDTH, ROW, LABEL, BAR] = [720, 30, 190, 400];

function chartSvg(chart: BarChart): string {
  const lengths = barLengths(chart);
  const bars = chart.bars.map(({ label, shown: value }, at) => {
    const [y, { bar, behind }] = [at * ROW, lengths[at]!];
    const rect = (length: number, of: string) =>
      `<rect${of} x="${LABEL}" y="${y + 6}" width="${Math.round(length * BAR)}" height="18" rx="2"/>`;
    return (
      `<text x="${LABEL - 10}" y="${y + 20}" text-anchor="end">${shown(cut(label))}</text>` +
      (behind > 0 ? rect(behind, ' class="behind"') : "") +
      rect(bar, "") +
      `<text x="${LABEL + Math.round(Math.max(bar, behind) * BAR) + 8}" y="${y + 20}">${shown(value)}</text>`
    );
  });
  const height = chart.bars.length * ROW;
  return `<figure class="wide"><figcaption>${shown(chart.title)}</figcaption>
<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${shown(chart.title)}">${bars.join("\n")}</svg></figure>`;
}

function cut(label: string): string {
  const characters = Array.from(label);
  return characters.length > 26 ? `${characters.slice(0, 25).join("")}…` : label;
}

function shown(text: string): string {
  return escapeHtml(plainText(text));
}

const STYLE = `
:root{color-scheme:light}
*{box-sizing:border-box}
body{margin:0;background:#fff;color:${INK};font:15px/1.55 system-ui,"Segoe UI","Helvetica Neue",Arial,sans-serif}
main{max-width:48rem;margin:0 auto;padding:2.5rem 1.25rem}
header{border-top:4px solid ${ACCENT};padding-top:1rem;margin-bottom:1.5rem}
h1{font-size:1.7rem;line-height:1.2;margin:0}header p{margin:.35rem 0 0;color:${MUTED}}
h2{font-size:1.15rem;margin:2rem 0 .5rem;color:${ACCENT}}h3{font-size:.95rem;margin:0;padding:.35rem 0;border-bottom:1.5px solid ${INK};color:${ACCENT}}
h1,h2,p,td,th,dd{overflow-wrap:anywhere}p{white-space:pre-line;margin:.5rem 0}
.note{background:${SHADE};color:${MUTED};padding:.5rem .75rem;font-size:.9rem}
.warning{background:${WARNING.shade};border-left:4px solid ${WARNING.ink};padding:.5rem .75rem;font-weight:600}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(9rem,1fr));gap:.75rem;margin:1rem 0}
.figures div{background:${SHADE};padding:.7rem .85rem;border-radius:4px}
dt{color:${MUTED};font-size:.8rem}dd{margin:0}dd strong{display:block;font-size:1.3rem}dd small{color:${MUTED}}
.facts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(18rem,100%),1fr));gap:1.25rem 2rem;margin:1.25rem 0;font-size:.9rem}
.facts dl{margin:0}.facts dl div{display:grid;grid-template-columns:2fr 3fr;gap:.75rem;padding:.35rem 0;border-bottom:1px solid ${LINE}}.facts dt{font-size:inherit}.facts section:only-child dl div{grid-template-columns:8rem 1fr}
table{border-collapse:collapse;width:100%;margin:.75rem 0;font-size:.9rem;font-variant-numeric:tabular-nums}
th,td{padding:.4rem .6rem;border-bottom:1px solid ${LINE};vertical-align:top}th{color:${MUTED};font-weight:600;border-bottom:1.5px solid ${INK}}
.wide{overflow-x:auto}.left{text-align:left;min-width:7rem}.right{text-align:right;white-space:nowrap}tfoot td{font-weight:600;border-top:2px solid ${INK};border-bottom:0}
figure{margin:1.25rem 0}figcaption{font-weight:600;font-size:.95rem;margin-bottom:.4rem}svg{width:100%;min-width:32rem;height:auto;font-size:13px}
svg text{fill:${INK}}rect{fill:${ACCENT}}.behind{fill:${TRACK}}
footer{margin-top:2.5rem;padding-top:.75rem;border-top:1px solid ${LINE};color:${MUTED};font-size:.8rem}
@media print{html{font-size:12.5px}body{font-size:1rem}main{max-width:none;padding:0}thead{display:table-header-group}tr,figure,.figures div,.facts dl div{break-inside:avoid}h2,h3{break-after:avoid}.wide{overflow:visible}*{print-color-adjust:exact}@page{size:A4;margin:18mm}}
`.replaceAll("\n", "");
