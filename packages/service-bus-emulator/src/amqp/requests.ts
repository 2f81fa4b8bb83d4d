import type { Broker } from "../broker.ts";
import type { Dispositions } from "./dispositions.ts";
import { asBrokerError, malformed, noReplyLink } from "./errors.ts";
import type { Reply, Request } from "./management.ts";
import { runOperation } from "./management.ts";
import type { Context, Receiver, Sender } from "./rhea.ts";
import { message, types } from "./rhea.ts";

/** Finds the link on which a client receives replies. */
type FindReplyLink = (name: string) => Sender | undefined;

interface RequestLink {
  readonly link: Receiver;
  readonly dispositions: Dispositions;
  readonly findReplyLink: FindReplyLink;
}

/** Serves the link on which a client authorises itself: every token is valid. */
export function serveTokens(broker: Broker, requestLink: RequestLink): void {
  serve(broker, requestLink, () => ({ statusCode: 202 }));
}

/** Serves the management link of an entity, which it looks up for each request. */
export function serveManagement(broker: Broker, path: string, requestLink: RequestLink): void {
  serve(broker, requestLink, (request) => runOperation(broker, path, request));
}

const CREDIT = 1_000;

function serve(
  broker: Broker,
  { link, dispositions, findReplyLink }: RequestLink,
  execute: (request: Request) => Reply,
): void {
  link.on("message", ({ delivery, message: bytes }: Context) => {
    if (link.credit < CREDIT / 2) link.add_credit(CREDIT - link.credit);
    const request = message.decode(Buffer.from(bytes));
    const replyTo = String(request.reply_to);
    if (!findReplyLink(replyTo)) {
      // Accepted, it would make the client wait for its whole timeout.
      dispositions.reject(delivery, noReplyLink(replyTo));
      return;
    }
    dispositions.accept(delivery);
    const reply = attempt(() => execute(read(request)));
    const { statusCode, properties } = reply;
    const encoded = message.encode({
      correlation_id: request.message_id,
      application_properties: {
        // The links for authorisation and for management read the code by different names.
        statusCode: types.wrap_int(statusCode),
        "status-code": types.wrap_int(statusCode),
        ...properties,
      },
      body: reply.body,
    });
    broker.whenDurable(() => findReplyLink(replyTo)?.send(encoded, undefined, 0));
  });
  link.add_credit(CREDIT);
}

function read({ application_properties: properties, body }: ReturnType<typeof message.decode>): Request {
  const operation = properties?.["operation"];
  if (typeof operation !== "string")
    throw malformed("expected a request with the application property 'operation', got none");
  return { operation, body: typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {} };
}

function attempt(execute: () => Reply): Reply {
  try {
    return execute();
  } catch (error) {
    const { statusCode, condition, description } = asBrokerError(error);
    return { statusCode, properties: { errorCondition: condition, statusDescription: description } };
  }
}
