// On its own, so that the bundle loads the client with its first use and still knows its names: of a CommonJS package a dynamic
// import has a default export alone.
export { BlobServiceClient } from "@azure/storage-blob";
