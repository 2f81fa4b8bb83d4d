import type { Db } from "../client.ts";
import { copyOut } from "../copy-out.ts";
import { quoteLiteral } from "../identifier.ts";
import type { VectorSet } from "./vector-items.ts";

/** Codes of one statement, about 43,000 of 384 dimensions: each statement ends within a second or so. */
const PAGE_BYTES = 16 * 2 ** 20;

/** Some codes in memory, by ascending ids. They change with the next page. */
export interface CodePage {
  readonly length: number;
  id(at: number): number;
  code(at: number): Buffer;
}

/**
 * The codes of all entities of a set, page by page. No statement is open while the caller works on a page: the database
 * serves it as fast as the connection carries it, however long the work takes.
 * @param codeBytes of each code
 * @param options.pageBytes of the codes of a page. Default: 16 MiB
 * @throws RangeError for a code of other dimensions
 */
export async function* codePages(
  db: Db,
  set: VectorSet,
  codeBytes: number,
  { pageBytes = PAGE_BYTES }: { readonly pageBytes?: number } = {},
): AsyncGenerator<CodePage> {
  const limit = Math.floor(pageBytes / codeBytes);
  const ids = new Float64Array(limit);
  const bytes = Buffer.allocUnsafe(limit * codeBytes);
  for (let after = 0, length = limit; length === limit; after = ids[length - 1]!) {
    length = 0;
    await db.$client.begin((tx) =>
      copyOut(tx, pageOf(set, { after, limit }), ([idBytes, code]) => {
        const id = Number(idBytes!.readBigInt64BE());
        if (code!.length !== codeBytes) {
          throw new RangeError(`the code of entity ${id} has ${code!.length} bytes, expected ${codeBytes}`);
        }
        ids[length] = id;
        code!.copy(bytes, length * codeBytes);
        length += 1;
      }),
    );
    yield { length, id: (at) => ids[at]!, code: (at) => bytes.subarray(at * codeBytes, (at + 1) * codeBytes) };
  }
}

function pageOf({ kind, model }: VectorSet, { after, limit }: { after: number; limit: number }): string {
  return `select id, code from vectors.codes
           where kind = ${quoteLiteral(kind)} and model = ${quoteLiteral(model)} and id > ${after} order by id limit ${limit}`;
}
