import type { Tx } from "../client.ts";
import { aiLlmCalls, type LlmCall } from "./reasoning-schema.ts";

export async function insertLlmCall(tx: Tx, call: LlmCall): Promise<void> {
  await tx.insert(aiLlmCalls).values(call);
}
