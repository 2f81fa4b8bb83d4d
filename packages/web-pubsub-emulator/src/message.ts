/** The content of a message. JSON stays the received text, so that numbers keep their digits. */
export type Content =
  | { readonly dataType: "json" | "text"; readonly text: string }
  | { readonly dataType: "binary"; readonly bytes: Buffer };

export interface Origin {
  /** The target group; undefined: the server sent the message to connections, users or all. */
  readonly group?: string | undefined;
  /** The user whose client sent the message; undefined: the server sent it. */
  readonly userId?: string | undefined;
}

/** A message to any number of connections. */
export class Message {
  readonly content: Content;
  readonly size: number;
  /** Epoch milliseconds. A recovery does not send the message after this time. */
  readonly expiresAt: number;
  readonly #origin: Origin;
  #fields: string | undefined;

  constructor(content: Content, origin: Origin, expiresAt = Infinity) {
    this.content = content;
    this.expiresAt = expiresAt;
    this.size = content.dataType === "binary" ? content.bytes.length : Buffer.byteLength(content.text);
    this.#origin = origin;
  }

  /** The data for a client without subprotocol. */
  get plain(): string | Buffer {
    return this.content.dataType === "binary" ? this.content.bytes : this.content.text;
  }

  /** The frame for a client with a JSON subprotocol. @param sequenceId for the reliable one */
  frame(sequenceId?: number): string {
    this.#fields ??= this.#serialize();
    return sequenceId === undefined ? `{${this.#fields}}` : `{"sequenceId":${sequenceId},${this.#fields}}`;
  }

  #serialize(): string {
    const { group, userId } = this.#origin;
    const from = group === undefined ? `"from":"server"` : `"from":"group","group":${JSON.stringify(group)}`;
    const user = userId === undefined ? "" : `,"fromUserId":${JSON.stringify(userId)}`;
    return `"type":"message",${from}${user},"dataType":"${this.content.dataType}","data":${jsonOf(this.content)}`;
  }
}

function jsonOf(content: Content): string {
  if (content.dataType === "json") return content.text;
  return JSON.stringify(content.dataType === "binary" ? content.bytes.toString("base64") : content.text);
}
