import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { BlobServiceClient } from "@azure/storage-blob";
import { startAzurite } from "#local/blob/start-azurite.ts";

/** A storage account for one test file, in Azurite. */
export interface TestStorage {
  readonly connectionString: string;
  readonly port: number;
  /** Every blob of a container by its name; none where there is no such container. */
  blobs(container: string): Promise<Map<string, Buffer>>;
  put(container: string, blob: string, content: Buffer): Promise<void>;
  /** Deletes a container's blobs. */
  clear(container: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startTestStorage(): Promise<TestStorage> {
  const dataDirectory = await mkdtemp(join(tmpdir(), "rota-test-blobs-"));
  const server = await startAzurite({ dataDirectory });
  const client = BlobServiceClient.fromConnectionString(server.connectionString);
  const names = async (container: string) => {
    const found: string[] = [];
    if (!(await client.getContainerClient(container).exists())) return found;
    for await (const { name } of client.getContainerClient(container).listBlobsFlat()) found.push(name);
    return found;
  };
  return {
    connectionString: server.connectionString,
    port: server.port,
    async blobs(container) {
      const contents = (await names(container)).map(async (name) => {
        const { readableStreamBody } = await client.getContainerClient(container).getBlobClient(name).download();
        return [name, await buffer(readableStreamBody!)] as const;
      });
      return new Map(await Promise.all(contents));
    },
    async put(container, blob, content) {
      await client.getContainerClient(container).getBlockBlobClient(blob).uploadData(content);
    },
    async clear(container) {
      for (const name of await names(container)) await client.getContainerClient(container).deleteBlob(name);
    },
    async stop() {
      await server.stop();
      await rm(dataDirectory, { recursive: true, force: true });
    },
  };
}
