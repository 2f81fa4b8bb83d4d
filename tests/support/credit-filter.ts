/** AMQP's codes: the descriptors of performatives, and the constructors of small values. */
const [ATTACH, FLOW] = [0x12, 0x13];
const [UINT_0, SMALL_UINT, UINT, TRUE, STRING_8, STRING_32, LIST_8] = [0x43, 0x52, 0x70, 0x41, 0xa1, 0xb1, 0xc0];

/**
 * Takes the bytes of a client, and returns them without the frames that grant credit to links on which it receives
 * messages. Links to `$management` and `$cbs` keep theirs. Bytes of another protocol pass.
 */
export function creditFilter(): (chunk: Buffer, drops: boolean) => Buffer {
  const receivers = new Set<string>();
  let rest: Buffer = Buffer.alloc(0);
  let isAmqp: boolean | undefined;

  return (chunk, drops) => {
    isAmqp ??= chunk.subarray(0, 4).toString() === "AMQP";
    if (!isAmqp) return chunk;
    rest = Buffer.concat([rest, chunk]);
    const passed: Buffer[] = [];
    for (;;) {
      const size = rest.subarray(0, 4).toString() === "AMQP" ? 8 : rest.length < 8 ? Infinity : rest.readUInt32BE(0);
      if (rest.length < size) return Buffer.concat(passed);
      const frame = rest.subarray(0, size);
      rest = rest.subarray(size);
      const link = linkOf(frame);
      if (link?.receives) receivers.add(link.id);
      if (!(drops && link?.isFlow && receivers.has(link.id))) passed.push(frame);
    }
  };
}

/** The link of a frame `attach` or `flow`; undefined for all others. */
function linkOf(frame: Buffer): { id: string; isFlow: boolean; receives: boolean } | undefined {
  const body = frame.subarray(frame[4]! * 4);
  const performative = body[2]!;
  if (body.length < 4 || (performative !== ATTACH && performative !== FLOW)) return undefined;
  const isFlow = performative === FLOW;
  // After the list's constructor, its size and its count.
  const fields = new Fields(body.subarray(body[3] === LIST_8 ? 6 : 12));
  for (let n = 0; n < (isFlow ? 4 : 1); n++) fields.next();
  const id = `${frame.readUInt16BE(6)}:${fields.next()}`;
  return { id, isFlow, receives: !isFlow && fields.next() === TRUE && !frame.includes("$") };
}

class Fields {
  #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The next field: the value of an integer, or the constructor of any other. */
  next(): number {
    const bytes = this.#bytes;
    const code = bytes[0]!;
    const length = { [SMALL_UINT]: 1, [UINT]: 4, [STRING_8]: 1 + bytes[1]!, [STRING_32]: 0 }[code] ?? 0;
    this.#bytes = bytes.subarray(1 + (code === STRING_32 ? 4 + bytes.readUInt32BE(1) : length));
    if (code === UINT_0) return 0;
    return code === SMALL_UINT ? bytes[1]! : code === UINT ? bytes.readUInt32BE(1) : code;
  }
}
