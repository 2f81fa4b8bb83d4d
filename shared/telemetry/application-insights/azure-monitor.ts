// A file of its own, so that the bundle loads the package on first use with its named exports: a dynamic import of a
// CommonJS package has only a default export.
export { flushAzureMonitor, shutdownAzureMonitor, useAzureMonitor } from "applicationinsights";
