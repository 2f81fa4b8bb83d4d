import type { Content } from "../message.ts";

/** A frame of a client with a JSON subprotocol. */
export type ClientFrame =
  | { readonly type: "joinGroup" | "leaveGroup"; readonly group: string; readonly ackId: number | undefined }
  | {
      readonly type: "sendToGroup";
      readonly group: string;
      readonly content: Content;
      readonly noEcho: boolean;
      readonly ackId: number | undefined;
    }
  | { readonly type: "event"; readonly ackId: number | undefined }
  | { readonly type: "invoke"; readonly invocationId: string }
  | { readonly type: "sequenceAck"; readonly sequenceId: number }
  | { readonly type: "ping" | "cancelInvocation" };

type Fields = Readonly<Record<string, unknown>>;

/** @throws Error that names the field, the expected value and the actual value */
export function parseFrame(frame: string): ClientFrame {
  const fields = objectOf(frame);
  const { type } = fields;
  switch (type) {
    case "joinGroup":
    case "leaveGroup":
      return { type, group: stringField(fields, "group"), ackId: ackIdOf(fields) };
    case "sendToGroup":
      return {
        type,
        group: stringField(fields, "group"),
        content: contentOf(fields),
        noEcho: fields.noEcho === true,
        ackId: ackIdOf(fields),
      };
    case "event":
      stringField(fields, "event");
      return { type, ackId: ackIdOf(fields) };
    case "invoke":
      return { type, invocationId: stringField(fields, "invocationId") };
    case "sequenceAck":
      return { type, sequenceId: integerField(fields, "sequenceId") };
    case "ping":
    case "cancelInvocation":
      return { type };
    default:
      throw new Error(
        `type: expected joinGroup, leaveGroup, sendToGroup, event, sequenceAck or ping, got ${show(type)}`,
      );
  }
}

function objectOf(frame: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new Error(`expected a JSON frame, got ${show(frame)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`expected a JSON object, got ${show(value)}`);
  }
  return value as Fields;
}

function contentOf(fields: Fields): Content {
  const { dataType = "json", data } = fields;
  if (!("data" in fields)) throw new Error("data: expected a value, got nothing");
  if (dataType === "json") return { dataType, text: JSON.stringify(data) };
  if (typeof data !== "string") throw new Error(`data: expected a string for ${show(dataType)}, got ${show(data)}`);
  if (dataType === "text") return { dataType, text: data };
  if (dataType === "binary") return { dataType, bytes: Buffer.from(data, "base64") };
  throw new Error(`dataType: expected json, text or binary, got ${show(dataType)}`);
}

function ackIdOf(fields: Fields): number | undefined {
  return fields.ackId === undefined || fields.ackId === null ? undefined : integerField(fields, "ackId");
}

function stringField(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value.trim() !== "" && value.length <= 1_024) return value;
  throw new Error(`${name}: expected a string of 1 to 1024 characters, got ${show(value)}`);
}

function integerField(fields: Fields, name: string): number {
  // Some clients send 64-bit integers as strings.
  const value = Number(fields[name] ?? NaN);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name}: expected an integer of 0 or more, got ${show(fields[name])}`);
}

function show(value: unknown): string {
  const json = JSON.stringify(value) as string | undefined;
  if (json === undefined) return "nothing";
  return json.length > 40 ? `${json.slice(0, 40)}…` : json;
}
