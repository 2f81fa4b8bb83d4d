import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { isSigned } from "#notifications/webhook-signature.ts";

export const WEBHOOK_SECRET = "whsec_c2FtcGxlLXNlY3JldC1vZi10aGUtYmFjay1vZmZpY2U=";

/** A notification that the receiver got, with a valid signature. */
export interface ReceivedNotification {
  readonly id: string;
  readonly recipient: string;
  readonly severity: string;
  readonly title: string;
  readonly body: string;
}

export interface WebhookReceiver {
  readonly url: string;
  /** The ids of the accepted notifications. */
  readonly taken: ReadonlySet<string>;
  /** How often it received a notification that it had accepted already. */
  readonly repeats: () => number;
  /** The number of requests. */
  readonly requests: () => number;
  /** The number of answers with this status. */
  readonly answered: (status: number) => number;
  close(): Promise<void>;
}

/** An answer: a status with headers, or a closed connection before or after the message is accepted. */
export type Answer =
  { status: number; headers?: Record<string, string>; body?: string } | "hang up" | "take and hang up";

/**
 * A webhook receiver on loopback. It checks signatures and accepts each id once, as a receiver of Standard Webhooks
 * does.
 */
export async function startWebhookReceiver(
  answer: (received: ReceivedNotification, request: number) => Answer | Promise<Answer> = () => ({ status: 204 }),
): Promise<WebhookReceiver> {
  const taken = new Set<string>();
  let repeats = 0;
  let requests = 0;
  const answers = new Map<number, number>();
  const server = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const number = ++requests;
      const header = (name: string) => String(request.headers[name] ?? "");
      const id = header("webhook-id");
      const signed = { secret: WEBHOOK_SECRET, id, timestamp: Number(header("webhook-timestamp")), body };
      const at = new Date(signed.timestamp * 1_000);
      if (!isSigned(signed, header("webhook-signature"), at)) return void response.writeHead(401).end("bad signature");
      const received = JSON.parse(body) as ReceivedNotification;
      if (taken.has(id)) {
        repeats += 1;
        return void response.writeHead(200).end();
      }
      void Promise.resolve(answer(received, number)).then((given) => {
        const takes = given === "take and hang up" || (typeof given === "object" && given.status < 300);
        if (takes) taken.add(id);
        if (typeof given === "string") return void request.socket.destroy();
        answers.set(given.status, (answers.get(given.status) ?? 0) + 1);
        response.writeHead(given.status, { "content-type": "application/json", ...given.headers }).end(given.body);
      });
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/notifications`,
    taken,
    repeats: () => repeats,
    requests: () => requests,
    answered: (status) => answers.get(status) ?? 0,
    close: () =>
      new Promise((resolve) => {
        server.close(() => {
          resolve();
        });
        server.closeAllConnections();
      }),
  };
}
