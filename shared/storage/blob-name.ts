const LONGEST_NAME = 1_024;

/** A name could lead out of its container, or the storage would not accept it. */
export class BlobNameRefused extends Error {
  override name = "BlobNameRefused";
  readonly errorClass = "validation";
}

/**
 * Why a text is no name of a blob; undefined when it is one. A name is a relative path: clients resolve `..` and `.`
 * as in any address, so such a name would reach another container.
 */
export function blobNameFault(name: string): string | undefined {
  if (name.length === 0 || name.length > LONGEST_NAME) return `expected 1 to ${LONGEST_NAME} characters`;
  // eslint-disable-next-line no-control-regex -- the pattern is about control characters
  if (/[\u0000-\u001F\u007F-\u009F]/.test(name) || !name.isWellFormed()) return "expected no control characters";
  if (name.includes("\\")) return "expected / between its parts, got a backslash";
  if (name.startsWith("/")) return "expected a relative name, without / at its beginning";
  const isOdd = (part: string) => part === "" || part.endsWith(".");
  return name.split("/").some(isOdd) ? "expected no part that is empty or ends with a full stop" : undefined;
}

/** @throws BlobNameRefused when the text is no name of a blob */
export function checkBlobName(name: string): string {
  const fault = blobNameFault(name);
  if (fault) throw new BlobNameRefused(`the blob ${JSON.stringify(name.slice(0, 100))}: ${fault}`);
  return name;
}
