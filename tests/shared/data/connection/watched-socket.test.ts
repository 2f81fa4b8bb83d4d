import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { expect, it } from "vitest";
import { WatchedSocket } from "#data/connection/watched-socket.ts";

const STARTUP = Buffer.from([0, 0, 0, 8, 0, 3, 0, 0]);
const QUERY = Buffer.from([0x51, 0, 0, 0, 5, 0]);

it("counts the silence of a server to which further statements are written", async () => {
  const server = createServer((client) => client.resume()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  await once(socket, "connect");
  const watched = new WatchedSocket(socket, { onReady: () => undefined });
  for (const message of [STARTUP, QUERY, QUERY]) {
    await new Promise((written) => socket.write(message, written));
    watched.tick();
  }
  expect(watched.silentTicks).toBe(3);
  socket.destroy();
  server.close();
});
