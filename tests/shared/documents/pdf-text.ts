import { getDocument } from "pdfjs-dist/legacy/build/pdf.mjs";

/** What a reader of the PDF would find in it: the text of each page, piece by piece as it was written. */
export async function pagesOf(pdf: Buffer): Promise<string[]> {
  const document = await getDocument({ data: new Uint8Array(pdf), verbosity: 0 }).promise;
  const pages: string[] = [];
  for (let number = 1; number <= document.numPages; number++) {
    const { items } = await (await document.getPage(number)).getTextContent();
    pages.push(
      items
        .map((item) => ("str" in item ? item.str : ""))
        .join(" ")
        .replaceAll(/ +/g, " "),
    );
  }
  await document.destroy();
  return pages;
}
