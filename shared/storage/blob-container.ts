import { PassThrough, type Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";

/** Where the blobs are: a connection string, or an account that is entered with the app's identity. */
export interface StorageAddress {
  readonly AzureWebJobsStorage: string | undefined;
  readonly AzureWebJobsStorage__accountName: string | undefined;
  /** Of a user-assigned identity. */
  readonly AzureWebJobsStorage__clientId: string | undefined;
}

/** One container of the storage account. The client is loaded, and the container made, with the first use. */
export interface BlobContainer {
  readonly name: string;
  /**
   * Writes a blob, or writes over it, from a pipeline that ends in it. In memory are a few blocks, however large it is; until
   * all of it is there, nobody sees any of it.
   */
  write(blob: string, contentType: string, source: Sources, signal?: AbortSignal): Promise<void>;
  /** @throws BlobMissing */
  read(blob: string, signal?: AbortSignal): Promise<Readable>;
  /** Names that begin so, in their order. */
  list(prefix: string): AsyncIterable<string>;
  remove(blob: string): Promise<void>;
  /** Moves a blob to where keeping is cheaper and reading dearer; it stays readable at once. @throws BlobMissing */
  chill(blob: string, signal?: AbortSignal): Promise<void>;
}

/** Where bytes come from, and what they pass through on their way. */
export type Sources = readonly [Readable, ...Transform[]];

/** The settings name no storage, or none that could be one, and the work cannot be done without. */
export class NoStorage extends Error {
  override name = "NoStorage";
  readonly errorClass = "validation";
}

export class BlobMissing extends Error {
  override name = "BlobMissing";
  readonly errorClass = "validation";
  constructor(container: string, blob: string) {
    super(`there is no blob ${blob} in container ${container}`);
  }
}

/** Block size and how many are on their way at once: what an upload holds in memory. */
const [BLOCK_BYTES, BLOCKS_AT_ONCE] = [4 * 1024 * 1024, 2];

/**
 * A container of the app's storage account. Nothing connects until it is used, and nothing has to be closed. Where the settings
 * name no storage, its use throws NoStorage.
 */
export function openContainer(address: StorageAddress, name: string): BlobContainer {
  let opened: Promise<ContainerClient> | undefined;
  const container = () => {
    opened ??= openedContainer(address, name);
    // Not for ever: the next use tries again.
    opened.catch(() => (opened = undefined));
    return opened;
  };
  const aborting = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});

  return {
    name,
    async write(blob, contentType, sources, signal) {
      const target = (await container()).getBlockBlobClient(blob);
      const stop = new AbortController();
      const end = new PassThrough();
      let cause: unknown;
      const because = (error: unknown) => {
        cause ??= error;
        // Either side may wait for ever for one that is gone.
        stop.abort();
        end.destroy();
      };
      await Promise.all([
        pipeline([...sources, end]).catch(because),
        target
          .uploadStream(end, BLOCK_BYTES, BLOCKS_AT_ONCE, {
            abortSignal: signal ? AbortSignal.any([signal, stop.signal]) : stop.signal,
            blobHTTPHeaders: { blobContentType: contentType },
          })
          .catch(because),
      ]);
      if (cause !== undefined) throw cause as Error;
    },
    async read(blob, signal) {
      try {
        const { readableStreamBody } = await (
          await container()
        )
          .getBlobClient(blob)
          .download(0, undefined, aborting(signal));
        return readableStreamBody as Readable;
      } catch (error) {
        throw missingOr(error, name, blob);
      }
    },
    async *list(prefix) {
      for await (const blob of (await container()).listBlobsFlat({ prefix })) yield blob.name;
    },
    async remove(blob) {
      await (await container()).getBlobClient(blob).deleteIfExists();
    },
    async chill(blob, signal) {
      try {
        await (await container()).getBlobClient(blob).setAccessTier("Cold", aborting(signal));
      } catch (error) {
        throw missingOr(error, name, blob);
      }
    },
  };
}

function missingOr(error: unknown, container: string, blob: string): unknown {
  return (error as { statusCode?: unknown }).statusCode === 404 ? new BlobMissing(container, blob) : error;
}

async function openedContainer(address: StorageAddress, name: string): Promise<ContainerClient> {
  const container = (await connect(address)).getContainerClient(name);
  // Private: neither its blobs nor their names can be read without a right to them.
  await container.createIfNotExists();
  return container;
}

async function connect(address: StorageAddress): Promise<BlobServiceClient> {
  const { BlobServiceClient: Client } = await import("./blob-client.ts");
  const { AzureWebJobsStorage: connectionString, AzureWebJobsStorage__clientId: clientId } = address;
  if (!connectionString && !address.AzureWebJobsStorage__accountName) {
    throw new NoStorage(
      "There is no blob storage: set AzureWebJobsStorage to a connection string, or AzureWebJobsStorage__accountName to the account that the app's identity may write to",
    );
  }
  if (connectionString) {
    try {
      return Client.fromConnectionString(connectionString);
    } catch {
      // Its own words quote the text, and so perhaps the key.
      throw new NoStorage(
        "AzureWebJobsStorage: expected a storage account's connection string (AccountName=…;AccountKey=…), got something else, which is not shown as it is secret",
      );
    }
  }
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  return new Client(
    `https://${address.AzureWebJobsStorage__accountName}.blob.core.windows.net`,
    clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential(),
  );
}
