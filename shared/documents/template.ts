import type { z } from "zod";
import type { Block } from "./document-model.ts";

/** A passage in words. A model may write it; without one, or where it fails, the template's own text stands there. */
export interface Passage<Context> {
  /** What a model is asked to write about. */
  readonly ask: string;
  readonly written: (context: Context) => string;
}

/** The words of each passage, by its key. */
export type Words<Key extends string> = Readonly<Record<Key, string>>;

/** A kind of document: pure functions from facts to blocks. */
export interface Template<Context extends z.ZodType = z.ZodType, Key extends string = string> {
  /** The facts that it takes. They are kept with the document, so that it can be written again as it was. */
  readonly context: Context;
  readonly passages: Readonly<Record<Key, Passage<z.output<Context>>>>;
  readonly heading: (context: z.output<Context>) => { readonly title: string; readonly subtitle: string };
  readonly blocks: (context: z.output<Context>, words: Words<Key>) => readonly Block[];
}

/** A template as its author writes it; the keys of its passages are those that `blocks` is given words for. */
export function defineTemplate<Context extends z.ZodType, Key extends string>(
  template: Template<Context, Key>,
): Template {
  return template as unknown as Template;
}
