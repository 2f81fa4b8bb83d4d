import { BestMatches } from "./best-matches.ts";
import { type DotKernel, dotKernel, kernelMemory, QUERIES_AT_ONCE } from "./dot-kernel.ts";
import { CODE_HEADER, codedDimensions, querySteps } from "./vector-code.ts";

/** Compares codes with vectors, one code after the other, and keeps the best for each vector. */
export class CodeScan {
  readonly best: readonly BestMatches[];
  /** The bytes of each code. */
  readonly codeBytes: number;
  readonly #scales: readonly number[];
  readonly #code: Uint8Array;
  readonly #products: Int32Array;
  readonly #compare: () => void;

  /** @param size entities that are kept for each vector */
  constructor(queries: readonly Float32Array[], size: number) {
    const dimensions = codedDimensions(queries[0]?.length ?? 0);
    const padded = Math.ceil(queries.length / QUERIES_AT_ONCE) * QUERIES_AT_ONCE;
    const steps = queries.map(querySteps);
    // The memory: the queries, their products, the code.
    const [products, code] = [padded * dimensions * 2, padded * dimensions * 2 + padded * 4];
    const memory = kernelMemory(code + dimensions);
    for (const [i, query] of steps.entries()) new Int16Array(memory.buffer).set(query.steps, i * dimensions);
    const dot: DotKernel = dotKernel(dimensions, memory);
    this.best = queries.map(() => new BestMatches(size));
    this.codeBytes = CODE_HEADER + dimensions;
    this.#scales = steps.map(({ scale }) => scale);
    this.#code = new Uint8Array(memory.buffer, code, dimensions);
    this.#products = new Int32Array(memory.buffer, products, queries.length);
    this.#compare = () => {
      dot(code, 0, products, products);
    };
  }

  add(id: number, code: Buffer): void {
    this.#code.set(code.subarray(CODE_HEADER));
    this.#compare();
    const scale = code.readFloatLE();
    for (let i = 0; i < this.best.length; i++) {
      const similarity = this.#products[i]! * scale * this.#scales[i]!;
      if (similarity >= this.best[i]!.limit) this.best[i]!.offer(id, similarity);
    }
  }
}
