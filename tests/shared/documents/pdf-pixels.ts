import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

/**
 * A page as it is seen: where there is anything but white, in points from the upper left corner; null for an empty
 * page.
 */
export interface Drawn {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

interface Canvas {
  readonly context: { getImageData(x: number, y: number, width: number, height: number): { data: Uint8ClampedArray } };
}

/** Draws every page, one pixel a point. */
export async function drawnPages(pdf: Buffer): Promise<(Drawn | null)[]> {
  const document = await getDocument({ data: new Uint8Array(pdf), disableFontFace: true, verbosity: 0 }).promise;
  const factory = document.canvasFactory as { create(width: number, height: number): Canvas };
  const pages: (Drawn | null)[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const page = await document.getPage(number);
    const viewport = page.getViewport({ scale: 1 });
    const [width, height] = [Math.ceil(viewport.width), Math.ceil(viewport.height)];
    const { context } = factory.create(width, height);
    await page.render({ canvas: null, canvasContext: context as never, viewport }).promise;
    pages.push(boundsOf(context.getImageData(0, 0, width, height).data, width));
  }
  await document.destroy();
  return pages;
}

function boundsOf(pixels: Uint8ClampedArray, width: number): Drawn | null {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let at = 0; at < pixels.length; at += 4) {
    if (pixels[at]! + pixels[at + 1]! + pixels[at + 2]! > 740) continue;
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return right < 0 ? null : { left, top, right, bottom };
}
