import { types } from "./rhea.ts";
import type { Typed } from "./rhea.ts";

const TRANSFER = 0x14;
const DISPOSITION = 0x15;
/** Size, data offset, type, channel; the descriptor; the list's type, size and count. */
const HEAD_BYTES = 20;
const TRUE = 0x41;
const FALSE = 0x42;

export interface TransferFields {
  readonly channel: number;
  readonly handle: number;
  readonly id: number;
  readonly tag: Buffer;
  readonly isSettled: boolean;
  /** Whether the rest of the message follows. */
  readonly hasMore: boolean;
}

/** A message, or a part of it. */
export function encodeTransfer(
  { channel, handle, id, tag, isSettled, hasMore }: TransferFields,
  payload: Buffer,
): Buffer {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + 15 + tag.length + payload.length);
  let at = writeUint(frame, HEAD_BYTES, handle);
  at = writeUint(frame, at, id);
  frame[at++] = 0xa0;
  frame[at++] = tag.length;
  at += tag.copy(frame, at);
  frame[at++] = 0x43; // the message format, 0
  frame[at++] = isSettled ? TRUE : FALSE;
  frame[at++] = hasMore ? TRUE : FALSE;
  payload.copy(frame, at);
  return withHead(frame, channel, TRANSFER, 6, at);
}

/** What a sender says for good of its deliveries with these ids. */
export function encodeDisposition(channel: number, first: number, last: number, outcome: Typed): Buffer {
  const state = new types.Writer();
  state.write(outcome);
  const encoded = state.toBuffer();
  const frame = Buffer.allocUnsafe(HEAD_BYTES + 12 + encoded.length);
  frame[HEAD_BYTES] = FALSE; // the role: no receiver
  let at = writeUint(frame, HEAD_BYTES + 1, first);
  at = writeUint(frame, at, last);
  frame[at++] = TRUE;
  at += encoded.copy(frame, at);
  return withHead(frame, channel, DISPOSITION, 5, at);
}

function writeUint(frame: Buffer, at: number, value: number): number {
  frame[at] = 0x70;
  return frame.writeUInt32BE(value, at + 1);
}

function withHead(frame: Buffer, channel: number, performative: number, fields: number, endOfFields: number): Buffer {
  frame.writeUInt32BE(frame.length, 0);
  frame[4] = 2; // data offset, in words
  frame[5] = 0;
  frame.writeUInt16BE(channel, 6);
  frame[8] = 0x00;
  frame[9] = 0x53;
  frame[10] = performative;
  frame[11] = 0xd0;
  frame.writeUInt32BE(endOfFields - HEAD_BYTES + 4, 12);
  frame.writeUInt32BE(fields, 16);
  return frame;
}
