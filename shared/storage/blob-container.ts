import { once } from "node:events";
import { PassThrough, type Readable, type Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { BlobServiceClient, ContainerClient } from "@azure/storage-blob";
import { openOnce } from "#diagnostics/open-once.ts";
import { checkBlobName } from "./blob-name.ts";
import { withStallLimit } from "./stall-limit.ts";

/** The storage account: a connection string, or an account name for access with the identity of the app. */
export interface StorageAddress {
  readonly AzureWebJobsStorage: string | undefined;
  readonly AzureWebJobsStorage__accountName: string | undefined;
  /** Of a user-assigned identity. */
  readonly AzureWebJobsStorage__clientId: string | undefined;
}

/** A container of the storage account. The first use loads the client and creates the container. */
export interface BlobContainer {
  readonly name: string;
  /**
   * Writes or replaces a blob from a stream and its transforms. Memory holds a few blocks, for any size. The blob
   * becomes visible when it is complete.
   */
  write(blob: string, contentType: string, source: Sources, signal?: AbortSignal): Promise<void>;
  /** @throws BlobMissing; BlobNameRefused, as all methods with a name */
  read(blob: string, signal?: AbortSignal): Promise<Readable>;
  /** The names with the prefix, sorted. */
  list(prefix: string): AsyncIterable<string>;
  remove(blob: string): Promise<void>;
  /** Moves a blob to the cold tier: cheaper to keep, dearer to read, still readable at once. @throws BlobMissing */
  chill(blob: string, signal?: AbortSignal): Promise<void>;
}

/** A stream and its transforms. */
export type Sources = readonly [Readable, ...Transform[]];

/** The settings have no valid storage account. */
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

/** How long the storage may be silent, in milliseconds. */
export interface StorageLimits {
  /** Until the answer to one request begins. Default: 60 s. */
  readonly requestMs: number;
  /** Between two parts of a blob that is read. Default: 60 s. */
  readonly stallMs: number;
}
const DEFAULT_LIMITS: StorageLimits = { requestMs: 60_000, stallMs: 60_000 };

/** Block size and parallel blocks: an upload holds this much in memory. */
const [BLOCK_BYTES, BLOCKS_AT_ONCE] = [4 * 1024 * 1024, 2];

/**
 * Opens a container of the app's storage account. It connects on first use and needs no closing. Without a storage
 * account in the settings, its methods throw NoStorage.
 */
export function openContainer(
  address: StorageAddress,
  name: string,
  limits: Partial<StorageLimits> = {},
): BlobContainer {
  const { requestMs, stallMs } = { ...DEFAULT_LIMITS, ...limits };
  const container = openOnce(() => openedContainer(address, name, requestMs));
  const aborting = (signal: AbortSignal | undefined) => (signal ? { abortSignal: signal } : {});

  return {
    name,
    async write(blob, contentType, sources, signal) {
      checkBlobName(blob);
      const stop = new AbortController();
      const end = new PassThrough();
      const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      let cause: unknown;
      const fail = (error: unknown) => {
        cause ??= error;
        // Otherwise each side could wait forever for the other.
        stop.abort();
        end.destroy();
      };
      const upload = async () => {
        const aborted = once(ended, "abort").then(() => Promise.reject(ended.reason as Error));
        const opened = await Promise.race([container(), aborted]);
        await opened.getBlockBlobClient(blob).uploadStream(end, BLOCK_BYTES, BLOCKS_AT_ONCE, {
          abortSignal: ended,
          blobHTTPHeaders: { blobContentType: contentType },
        });
      };
      // The pipeline starts first: a source that fails before the container answers needs a listener for its error.
      await Promise.all([pipeline([...sources, end]).catch(fail), upload().catch(fail)]);
      // The signal of a run would keep a listener of each write.
      stop.abort();
      if (cause !== undefined) throw cause as Error;
    },
    async read(blob, signal) {
      checkBlobName(blob);
      try {
        const { readableStreamBody } = await (
          await container()
        )
          .getBlobClient(blob)
          .download(0, undefined, aborting(signal));
        return withStallLimit(readableStreamBody as Readable, `${name}/${blob}`, stallMs);
      } catch (error) {
        throw missingOr(error, name, blob);
      }
    },
    async *list(prefix) {
      for await (const blob of (await container()).listBlobsFlat({ prefix })) yield blob.name;
    },
    async remove(blob) {
      checkBlobName(blob);
      await (await container()).getBlobClient(blob).deleteIfExists();
    },
    async chill(blob, signal) {
      checkBlobName(blob);
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

async function openedContainer(address: StorageAddress, name: string, requestMs: number): Promise<ContainerClient> {
  const container = (await connect(address, requestMs)).getContainerClient(name);
  // The default is private: no anonymous access to blobs or their names.
  await container.createIfNotExists();
  return container;
}

async function connect(address: StorageAddress, requestMs: number): Promise<BlobServiceClient> {
  const { BlobServiceClient: Client, withRequestTimeout } = await import("./blob-client.ts");
  const { AzureWebJobsStorage: connectionString, AzureWebJobsStorage__clientId: clientId } = address;
  if (!connectionString && !address.AzureWebJobsStorage__accountName) {
    throw new NoStorage(
      "There is no blob storage: set AzureWebJobsStorage to a connection string, or AzureWebJobsStorage__accountName to the account that the app's identity may write to",
    );
  }
  if (connectionString) {
    try {
      return withRequestTimeout(Client.fromConnectionString(connectionString), requestMs);
    } catch {
      // The client's error quotes the text, which may contain the key.
      throw new NoStorage(
        "AzureWebJobsStorage: expected a storage account's connection string (AccountName=…;AccountKey=…), got something else, which is not shown as it is secret",
      );
    }
  }
  const { ManagedIdentityCredential } = await import("#identity/managed-identity.ts");
  const client = new Client(
    `https://${address.AzureWebJobsStorage__accountName}.blob.core.windows.net`,
    clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential(),
  );
  return withRequestTimeout(client, requestMs);
}
