import { once } from "node:events";
import { createServer } from "node:http";
import { onTestFinished } from "vitest";

/** A storage account that answers nothing, except the first part of each blob when `beginning` is given. */
export async function silentStorage(beginning?: string) {
  const server = createServer((request, response) => {
    if (beginning === undefined || request.method !== "GET") {
      // The container exists already.
      if (beginning !== undefined) response.writeHead(201).end();
      return;
    }
    response.writeHead(200, { "content-length": "1000000", etag: '"1"', "last-modified": new Date(0).toUTCString() });
    response.write(beginning);
  });
  server.listen(0, "127.0.0.1");
  const connected = once(server, "connection");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const { port } = server.address() as { port: number };
  const key = Buffer.from("key").toString("base64");
  const endpoint = `http://127.0.0.1:${port}/account`;
  return {
    connected,
    connectionString: `DefaultEndpointsProtocol=http;AccountName=account;AccountKey=${key};BlobEndpoint=${endpoint};`,
  };
}
