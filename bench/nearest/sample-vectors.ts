const DIMENSIONS = 384;
/** Vectors around one center. */
const CLUSTER = 100;
/** The spread around a center that gives two members a similarity of about 0.8. */
const SPREAD = 0.5;

/** Vectors of length 1 that are the same in each process. */
export interface SampleVectors {
  vector(id: number): Float32Array;
  query(index: number): Float32Array;
}

export function sampleVectors(shape: "clustered" | "random", count: number): SampleVectors {
  const clusters = Math.ceil(count / CLUSTER);
  const draw = (seed: number, cluster: number) => {
    const own = normals(seed);
    if (shape === "random") return unit(own);
    const center = normals(2_000_000_000 + cluster);
    return unit(own.map((value, d) => center[d]! + SPREAD * value));
  };
  return {
    vector: (id) => draw(id, id % clusters),
    query: (index) => draw(1_000_000_000 + index, (index * 7_919) % clusters),
  };
}

/** Sums of uniform numbers are near enough to a normal distribution, and quick. */
function normals(seed: number): Float32Array {
  let state = Math.imul(seed, 0x9e3779b1) | 1;
  const next = () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state / 2 ** 31;
  };
  for (let i = 0; i < 8; i++) next();
  return Float32Array.from({ length: DIMENSIONS }, () => next() + next() + next());
}

function unit(vector: Float32Array): Float32Array {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}
