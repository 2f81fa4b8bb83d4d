import type { Message } from "#notifications/channel.ts";

/** A message on its way, with nothing special about it unless said. */
export function aMessage(given: Partial<Message> = {}): Message {
  return {
    id: "01a202e7-464d-74ad-8c21-742e9826594a",
    recipient: "anna",
    severity: "WARN",
    type: "order.late",
    title: "Order 7 is late",
    body: "It was due on Monday.",
    data: {},
    createdAt: new Date("2026-03-10T12:00:00Z"),
    address: "42",
    subscriptions: [],
    triedAt: null,
    ...given,
  };
}

export const signal = new AbortController().signal;

/** The whole body of a request. */
export async function bodyOf(request: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}
