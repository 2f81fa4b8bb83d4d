import { type BarChart, barLengths, type KeyFigures } from "../document-model.ts";
import { ACCENT, MUTED, SHADE, TRACK } from "../palette.ts";
import { CONTENT_WIDTH, PAGE, type Sheet, type Style } from "./sheet.ts";

const LABEL: Style = { size: 8, color: MUTED };
/** From large to small: the first style in which every value fits on one line is used. */
const VALUES: Style[] = [15, 13, 11, 9.5].map((size) => ({ size, bold: true }));
const [GAP, PAD, A_ROW] = [8, 9, 4];

/** Draws key figures as cards, at most four in a row. */
export function drawFigures(sheet: Sheet, { figures }: KeyFigures): void {
  const inRow = Math.min(A_ROW, figures.length);
  const width = (CONTENT_WIDTH - GAP * (inRow - 1)) / inRow;
  const fits = (style: Style) => figures.every(({ value }) => sheet.lines(value, width - 2 * PAD, style).length === 1);
  const valueStyle = VALUES.find(fits) ?? VALUES.at(-1)!;
  for (let from = 0; from < figures.length; from += inRow) {
    const cards = figures.slice(from, from + inRow).map(({ label, value, note = "" }) => ({
      label: sheet.lines(label, width - 2 * PAD, LABEL).slice(0, 2),
      value: sheet.lines(value, width - 2 * PAD, valueStyle).slice(0, 2),
      note: note === "" ? [] : sheet.lines(note, width - 2 * PAD, LABEL).slice(0, 3),
    }));
    const high = (card: (typeof cards)[number]) =>
      (card.label.length + card.note.length) * sheet.leading(LABEL) +
      card.value.length * sheet.leading(valueStyle) +
      2 * PAD;
    const height = Math.max(...cards.map(high));
    sheet.room(height);
    cards.forEach((card, at) => {
      const x = PAGE.margin + at * (width + GAP);
      sheet.pdf.roundedRect(x, sheet.y, width, height, 3).fill(SHADE);
      const place = { x: x + PAD, width: width - 2 * PAD };
      const valueAt = sheet.y + PAD + card.label.length * sheet.leading(LABEL);
      sheet.put(card.label, { ...place, y: sheet.y + PAD }, LABEL);
      sheet.put(card.value, { ...place, y: valueAt }, valueStyle);
      sheet.put(card.note, { ...place, y: valueAt + card.value.length * sheet.leading(valueStyle) }, LABEL);
    });
    sheet.y += height + GAP;
  }
  sheet.y += 4;
}

const TITLE: Style = { size: 9.5, bold: true };
const TEXT: Style = { size: 9 };
const [ROW, LABELS, AMOUNTS] = [19, 140, 80];
/** In points. A higher chart is split over pages. */
const LONGEST_CHART = 400;

/** Draws a bar chart, on one page if it fits. */
export function drawChart(sheet: Sheet, chart: BarChart): void {
  sheet.room(chartTogether(sheet, chart));
  sheet.flow(chart.title, TITLE);
  sheet.y += 4;
  const lengths = barLengths(chart);
  const longest = CONTENT_WIDTH - LABELS - AMOUNTS - 16;
  chart.bars.forEach(({ label, shown }, at) => {
    sheet.room(ROW);
    const y = sheet.y + (ROW - sheet.leading(TEXT)) / 2;
    const name = sheet.lines(label, LABELS, TEXT).slice(0, 1);
    sheet.put(name, { x: PAGE.margin, y, width: LABELS, align: "right" }, TEXT);
    const x = PAGE.margin + LABELS + 8;
    const { bar, behind } = lengths[at]!;
    const rect = (length: number, color: string) => {
      if (length > 0) sheet.pdf.rect(x, sheet.y + 3, length * longest, ROW - 6).fill(color);
    };
    rect(behind, TRACK);
    rect(bar, ACCENT);
    const after = x + Math.max(bar, behind) * longest + 6;
    sheet.put(sheet.lines(shown, AMOUNTS, TEXT).slice(0, 1), { x: after, y, width: AMOUNTS }, TEXT);
    sheet.y += ROW;
  });
  sheet.y += 10;
}

/** Height of a chart that is kept on one page, in points. */
export function chartTogether(sheet: Sheet, { bars }: BarChart): number {
  return Math.min(sheet.leading(TITLE) + 4 + bars.length * ROW, LONGEST_CHART);
}
