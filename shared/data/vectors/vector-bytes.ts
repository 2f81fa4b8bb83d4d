/** The bytes of a vector as it is stored: little-endian float32, as every machine that Node runs on has them. */
export function bytesOf(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The vector of stored bytes. A copy: the driver's bytes need not begin where a float may. */
export function vectorOf(bytes: Buffer): Float32Array {
  return new Float32Array(new Uint8Array(bytes).buffer);
}
