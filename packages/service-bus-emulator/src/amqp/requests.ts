import type { Broker } from "../broker.ts";
import { asRefusal, malformed } from "./errors.ts";
import type { Answers } from "./answers.ts";
import { runOperation } from "./management.ts";
import type { Reply, Request } from "./management.ts";
import { message, types } from "./rhea.ts";
import type { Context, Receiver, Sender } from "./rhea.ts";

/** Finds the link on which a client waits for replies. */
type FindReplyLink = (name: string) => Sender | undefined;

interface RequestLink {
  readonly link: Receiver;
  readonly answers: Answers;
  readonly findReplyLink: FindReplyLink;
}

/** Serves the link on which a client shows its tokens: whatever it shows is good. */
export function serveTokens(broker: Broker, requestLink: RequestLink): void {
  serve(broker, requestLink, () => ({ statusCode: 202 }));
}

/** Serves the link on which a client asks for more than sending and receiving. The entity is looked up for each request. */
export function serveManagement(broker: Broker, path: string, requestLink: RequestLink): void {
  serve(broker, requestLink, (request) => runOperation(broker, path, request));
}

const CREDIT = 1_000;

function serve(
  broker: Broker,
  { link, answers, findReplyLink }: RequestLink,
  answer: (request: Request) => Reply,
): void {
  link.on("message", ({ delivery, message: bytes }: Context) => {
    answers.accept(delivery);
    if (link.credit < CREDIT / 2) link.add_credit(CREDIT - link.credit);
    const request = message.decode(Buffer.from(bytes));
    const reply = attempt(() => answer(read(request)));
    const { statusCode, properties } = reply;
    const encoded = message.encode({
      correlation_id: request.message_id,
      application_properties: {
        // The two kinds of request links expect the code under different names.
        statusCode: types.wrap_int(statusCode),
        "status-code": types.wrap_int(statusCode),
        ...properties,
      },
      body: reply.body,
    });
    broker.whenDurable(() => findReplyLink(String(request.reply_to))?.send(encoded, undefined, 0));
  });
  link.add_credit(CREDIT);
}

function read({ application_properties: properties, body }: ReturnType<typeof message.decode>): Request {
  const operation = properties?.["operation"];
  if (typeof operation !== "string")
    throw malformed("expected a request with the application property 'operation', got none");
  return { operation, body: typeof body === "object" && body !== null ? (body as Record<string, unknown>) : {} };
}

function attempt(answer: () => Reply): Reply {
  try {
    return answer();
  } catch (error) {
    const { statusCode, condition, description } = asRefusal(error);
    return { statusCode, properties: { errorCondition: condition, statusDescription: description } };
  }
}
