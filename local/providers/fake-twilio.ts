import { randomUUID } from "node:crypto";
import { type FakeServer, startFakeServer } from "./fake-server.ts";
import { type Answer, type Fault, isAccepted } from "./fault-injection.ts";

/** Content faults: the number is refused; the account has no balance; no JSON. */
export type TwilioFault = "refused" | "suspended" | "not-json";

/** A text message or a call that was accepted. */
export interface TwilioMessage {
  readonly kind: "sms" | "call";
  readonly to: string;
  readonly from: string;
  /** The text, or the TwiML of the call. */
  readonly content: string;
  readonly sid: string;
  readonly at: string;
}

export interface FakeTwilio extends FakeServer<TwilioFault> {
  readonly accountSid: string;
  readonly authToken: string;
  readonly sent: readonly TwilioMessage[];
}

/**
 * A fake server of Twilio's REST API of 2010-04-01: it accepts and lists `Messages.json` and `Calls.json`, with basic
 * authentication.
 */
export async function startFakeTwilio({
  port = 0,
  accountSid = "AC00000000000000000000000000000000",
  authToken = "sample-token-of-the-demo-only",
  now = () => new Date(),
}: { port?: number; accountSid?: string; authToken?: string; now?: () => Date } = {}): Promise<FakeTwilio> {
  const sent: TwilioMessage[] = [];
  const login = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString("base64")}`;
  const server = await startFakeServer<TwilioFault>({
    port,
    methods: ["GET", "POST"],
    errorBody: (status) => refusal(status, ERRORS[status]),
    answer(url, fault, request, body) {
      const [, account, list] = /^\/2010-04-01\/Accounts\/([^/]+)\/(Messages|Calls)\.json$/.exec(url.pathname) ?? [];
      if (!list || account !== accountSid) return refusal(404, ERRORS[404]);
      if (request.headers.authorization !== login) return refusal(401, ERRORS[401]);
      if (request.method === "GET") return listed(list, sent, url.searchParams);
      const form = new URLSearchParams(body);
      const to = form.get("To") ?? "";
      const content = (list === "Calls" ? form.get("Twiml") : form.get("Body")) ?? "";
      const fails = faultOf(fault, to, content);
      if (fails) return fails;
      const kind = list === "Calls" ? "call" : "sms";
      const sid = (kind === "call" ? "CA" : "SM") + randomUUID().replaceAll("-", "");
      const message: TwilioMessage = { kind, to, from: form.get("From") ?? "", content, sid, at: now().toISOString() };
      if (isAccepted(fault)) sent.push(message);
      return { ...json(view(message, accountSid)), status: 201 };
    },
  });
  return { ...server, accountSid, authToken, sent };
}

const ERRORS: Readonly<Record<number, { code: number; message: string }>> = {
  401: { code: 20_003, message: "Authenticate" },
  404: { code: 20_404, message: "The requested resource was not found" },
  429: { code: 20_429, message: "Too Many Requests" },
};

function faultOf(fault: Fault<TwilioFault> | undefined, to: string, content: string): Answer | undefined {
  if (fault?.kind === "not-json") return { type: "text/html", body: "<html>Bad Gateway</html>" };
  if (fault?.kind === "suspended")
    return refusal(401, { code: 20_003, message: "Authenticate: the account is suspended" });
  if (fault?.kind === "refused" || !/^\+[1-9]\d{6,14}$/.test(to)) {
    return refusal(400, { code: 21_211, message: `Invalid 'To' Phone Number: ${to}` });
  }
  return content === "" ? refusal(400, { code: 21_602, message: "Message body is required" }) : undefined;
}

/** The list that a filter by number and day selects. */
function listed(list: string, sent: readonly TwilioMessage[], query: URLSearchParams): Answer {
  const kind = list === "Calls" ? "call" : "sms";
  const since = query.get("DateSent>") ?? query.get("StartTime>") ?? "";
  const found = sent.filter(
    (message) =>
      message.kind === kind &&
      message.to === (query.get("To") ?? message.to) &&
      message.from === (query.get("From") ?? message.from) &&
      message.at.slice(0, 10) >= since,
  );
  return json({ [list.toLowerCase()]: found.toReversed().map((message) => view(message, "")) });
}

function view({ kind, to, from, content, sid, at }: TwilioMessage, account: string): object {
  return {
    sid,
    status: "queued",
    to,
    from,
    ...(kind === "sms" && { body: content, num_segments: "1", error_code: null, error_message: null }),
    date_created: new Date(at).toUTCString().replace("GMT", "+0000"),
    uri: `/2010-04-01/Accounts/${account}/${kind === "call" ? "Calls" : "Messages"}/${sid}.json`,
  };
}

function refusal(status: number, error = { code: 20_500, message: "Internal Server Error" }): Answer {
  return { ...json({ ...error, more_info: `https://www.twilio.com/docs/errors/${error.code}`, status }), status };
}

function json(value: object): Answer {
  return { type: "application/json", body: JSON.stringify(value) };
}
