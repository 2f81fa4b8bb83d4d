// On its own, so that the bundle loads it with its first use and still knows its names: of a CommonJS package a dynamic import
// has a default export alone.
export { flushAzureMonitor, shutdownAzureMonitor, useAzureMonitor } from "applicationinsights";
