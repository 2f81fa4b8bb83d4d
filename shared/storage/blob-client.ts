// A module of its own, so that the bundle loads the client on first use: a dynamic import of a CommonJS package has
// only a default export.
import { BlobServiceClient, newPipeline } from "@azure/storage-blob";
import { StorageStalled } from "./stall-limit.ts";
export { BlobServiceClient };

/**
 * The same client with a time limit for each request until its answer begins: the library has none.
 * @param timeoutMs for one request: an upload of one block needs it most
 * @throws StorageStalled, from each method
 */
export function withRequestTimeout({ url, credential }: BlobServiceClient, timeoutMs: number): BlobServiceClient {
  const pipeline = newPipeline(credential);
  pipeline.factories.unshift({
    create: (next) => ({
      async sendRequest(request) {
        request.timeout = timeoutMs;
        try {
          return await next.sendRequest(request);
        } catch (error) {
          if ((error as Error).name !== "AbortError" || request.abortSignal?.aborted) throw error;
          throw new StorageStalled(`the storage did not answer within ${timeoutMs / 1_000} s`);
        }
      },
    }),
  });
  return new BlobServiceClient(url, pipeline);
}
