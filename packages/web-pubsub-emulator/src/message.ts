/** What is sent. JSON stays the text that came, so that numbers keep their digits. */
export type Content =
  | { readonly dataType: "json" | "text"; readonly text: string }
  | { readonly dataType: "binary"; readonly bytes: Buffer };

export interface Sender {
  /** The group that it was sent to; undefined: to connections, users or all, by the server. */
  readonly group?: string;
  /** The user whose client sent it; undefined: the server. */
  readonly userId?: string;
}

/** One message on its way to any number of connections. */
export class Message {
  readonly content: Content;
  readonly size: number;
  /** Epoch milliseconds after which nobody needs it any more. */
  readonly expiresAt: number;
  readonly #sender: Sender;
  #fields: string | undefined;

  constructor(content: Content, sender: Sender, expiresAt = Infinity) {
    this.content = content;
    this.expiresAt = expiresAt;
    this.size = content.dataType === "binary" ? content.bytes.length : Buffer.byteLength(content.text);
    this.#sender = sender;
  }

  /** What a client without subprotocol gets: the content and nothing else. */
  get plain(): string | Buffer {
    return this.content.dataType === "binary" ? this.content.bytes : this.content.text;
  }

  /** What a client of a JSON subprotocol gets; with its number when the subprotocol is the reliable one. */
  frame(sequenceId?: number): string {
    this.#fields ??= this.#write();
    return sequenceId === undefined ? `{${this.#fields}}` : `{"sequenceId":${sequenceId},${this.#fields}}`;
  }

  #write(): string {
    const { content } = this;
    const { group, userId } = this.#sender;
    const from = group === undefined ? `"from":"server"` : `"from":"group","group":${JSON.stringify(group)}`;
    const user = userId === undefined ? "" : `,"fromUserId":${JSON.stringify(userId)}`;
    return `"type":"message",${from}${user},"dataType":"${content.dataType}","data":${dataOf(content)}`;
  }
}

function dataOf(content: Content): string {
  if (content.dataType === "json") return content.text;
  return JSON.stringify("bytes" in content ? content.bytes.toString("base64") : content.text);
}
