/** Makes vectors of texts, so that similar texts have similar vectors. */
export interface Embedder {
  /** Its name and dimensions, such as `text-embedding-3-small/384`: vectors of two models are never compared. */
  readonly model: string;
  readonly dimensions: number;
  /**
   * One vector of length 1 for each text, in their order.
   * @throws ProviderError when the service fails, or returns vectors of other dimensions, of zeros or with NaN
   */
  embed(texts: readonly string[], signal: AbortSignal): Promise<Embeddings>;
}

export interface Embeddings {
  readonly vectors: readonly Float32Array[];
  /** The tokens that the service charges; 0 where nothing is charged. */
  readonly tokens: number;
}
