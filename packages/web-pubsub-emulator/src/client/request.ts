import type { Content } from "../message.ts";

/** A frame of a client that speaks a JSON subprotocol. */
export type ClientRequest =
  | { readonly type: "joinGroup" | "leaveGroup"; readonly group: string; readonly ackId?: number }
  | {
      readonly type: "sendToGroup";
      readonly group: string;
      readonly content: Content;
      readonly noEcho: boolean;
      readonly ackId?: number;
    }
  | { readonly type: "event"; readonly event: string; readonly ackId?: number }
  | { readonly type: "invoke"; readonly invocationId: string }
  | { readonly type: "sequenceAck"; readonly sequenceId: number }
  | { readonly type: "ping" | "cancelInvocation" };

/**
 * Reads a frame.
 * @throws Error that names the field, what was expected and what came
 */
export function readRequest(frame: string): ClientRequest {
  const fields = objectOf(frame);
  const { type } = fields;
  switch (type) {
    case "joinGroup":
    case "leaveGroup":
      return { type, group: text(fields, "group"), ...ackOf(fields) };
    case "sendToGroup":
      return {
        type,
        group: text(fields, "group"),
        content: contentOf(fields),
        noEcho: fields.noEcho === true,
        ...ackOf(fields),
      };
    case "event":
      return { type, event: text(fields, "event"), ...ackOf(fields) };
    case "invoke":
      return { type, invocationId: text(fields, "invocationId") };
    case "sequenceAck":
      return { type, sequenceId: count(fields, "sequenceId") };
    case "ping":
    case "cancelInvocation":
      return { type };
    default:
      throw new Error(
        `type: expected joinGroup, leaveGroup, sendToGroup, event, sequenceAck or ping, got ${shown(type)}`,
      );
  }
}

type Fields = Readonly<Record<string, unknown>>;

function objectOf(frame: string): Fields {
  let value: unknown;
  try {
    value = JSON.parse(frame);
  } catch {
    throw new Error(`expected a frame of JSON, got ${shown(frame)}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new Error(`expected a JSON object, got ${shown(value)}`);
  }
  return value as Fields;
}

function contentOf(fields: Fields): Content {
  const { dataType = "json", data } = fields;
  if (!("data" in fields)) throw new Error("data: expected it, got nothing");
  if (dataType === "json") return { dataType, text: JSON.stringify(data) };
  if (typeof data !== "string") throw new Error(`data: expected a string for ${shown(dataType)}, got ${shown(data)}`);
  if (dataType === "text") return { dataType, text: data };
  if (dataType === "binary") return { dataType, bytes: Buffer.from(data, "base64") };
  throw new Error(`dataType: expected json, text or binary, got ${shown(dataType)}`);
}

function ackOf(fields: Fields): { ackId?: number } {
  return fields.ackId === undefined || fields.ackId === null ? {} : { ackId: count(fields, "ackId") };
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value === "string" && value.trim() !== "" && value.length <= 1_024) return value;
  throw new Error(`${name}: expected a text of 1 to 1024 characters, got ${shown(value)}`);
}

function count(fields: Fields, name: string): number {
  // Some clients write 64-bit numbers as texts.
  const value = Number(fields[name] ?? NaN);
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new Error(`${name}: expected a whole number, got ${shown(fields[name])}`);
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) as string | undefined;
  return text === undefined ? "nothing" : text.length > 40 ? `${text.slice(0, 40)}…` : text;
}
