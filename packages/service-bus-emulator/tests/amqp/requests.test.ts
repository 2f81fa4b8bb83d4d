import { once } from "node:events";
import rhea from "rhea";
import { expect, onTestFinished, test } from "vitest";
import { startedEmulator } from "../started-emulator.ts";

test("a request whose link for replies is not open is rejected with the name of that link", async () => {
  const { bus } = await startedEmulator({ queues: { jobs: {} } });
  const connection = rhea.create_container().connect({ host: "127.0.0.1", port: bus.port, reconnect: false });
  onTestFinished(() => {
    connection.close();
  });
  const link = connection.open_sender("jobs/$management");
  await once(link, "sendable");
  link.send({ reply_to: "no-link", message_id: "1", application_properties: { operation: "any" }, body: {} });
  const [{ delivery }] = (await once(link, "rejected")) as [rhea.EventContext];
  const { error } = delivery!.remote_state as unknown as { error: { condition: string; description: string } };
  expect(error.condition).toBe("amqp:not-found");
  expect(error.description).toContain("none named 'no-link' is open");
});
