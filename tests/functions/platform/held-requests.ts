import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { pipeline } from "node:stream";
import { onTestFinished } from "vitest";
import { createSignal } from "#support/signal.ts";

/** A proxy for a storage account that never forwards the n-th request, as if its sender died right before. */
export async function holdRequest(
  storage: { connectionString: string; port: number },
  nth: number,
): Promise<{ connectionString: string; held: Promise<string> }> {
  const { reached, reach } = createSignal<string>();
  let count = 0;
  const server = createServer((incoming, reply) => {
    count += 1;
    if (count >= nth) {
      if (count === nth) reach(`${incoming.method} ${incoming.url?.split("?")[0]}`);
      return;
    }
    const { method, url: path, headers } = incoming;
    const onward = request({ host: "127.0.0.1", port: storage.port, method, path, headers }, (answer) => {
      reply.writeHead(answer.statusCode!, answer.headers);
      pipeline(answer, reply, () => undefined);
    });
    pipeline(incoming, onward, (error) => {
      if (error) reply.destroy();
    });
    onward.on("error", () => reply.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    connectionString: storage.connectionString.replaceAll(`127.0.0.1:${storage.port}`, `127.0.0.1:${port}`),
    held: reached,
  };
}
