// A module of its own, so that the bundle loads the client on first use: a dynamic import of a CommonJS package has
// only a default export.
export { BlobServiceClient } from "@azure/storage-blob";
