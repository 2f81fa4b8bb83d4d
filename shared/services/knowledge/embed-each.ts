import { asError, classify } from "#jobs/error-class.ts";
import { type EmbedContext, embedTexts } from "./embed-texts.ts";

/** A text that every service embeds. One that refuses it refuses all texts, whatever they are. */
const HARMLESS = "knowledge";

/** One vector for each text in their order, or the error of a text that the service refuses. */
export interface EmbeddedEach {
  readonly vectors: readonly (Float32Array | Error)[];
  readonly generated: number;
}

/**
 * The vectors of texts of which the service may refuse some: too long, or against its rules.
 * @throws ProviderError when the service refuses every text, or fails otherwise
 */
export async function embedEach(context: EmbedContext, texts: readonly string[]): Promise<EmbeddedEach> {
  try {
    return await embedTexts(context, texts);
  } catch (error) {
    if (context.signal.aborted || classify(error) !== "validation") throw error;
    await context.embedder.embed([HARMLESS], context.signal);
    return embedHalves(context, texts, asError(error));
  }
}

/** Finds the refused texts in a refused list. */
async function embedHalves(context: EmbedContext, texts: readonly string[], refusal: Error): Promise<EmbeddedEach> {
  if (texts.length <= 1) return { vectors: texts.map(() => refusal), generated: 0 };
  const middle = Math.ceil(texts.length / 2);
  const vectors: (Float32Array | Error)[] = [];
  let generated = 0;
  for (const half of [texts.slice(0, middle), texts.slice(middle)]) {
    const embedded = await embedTexts(context, half).catch((error: unknown) => {
      if (context.signal.aborted || classify(error) !== "validation") throw error;
      return embedHalves(context, half, asError(error));
    });
    vectors.push(...embedded.vectors);
    generated += embedded.generated;
  }
  return { vectors, generated };
}
