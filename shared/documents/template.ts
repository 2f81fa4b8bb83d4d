import type { z } from "zod";
import type { Block } from "./document-model.ts";

/** A passage of text. A model may write it; without a model, or when it fails, the template's own text is used. */
export interface Passage<Context> {
  /** The instruction for the model. */
  readonly ask: string;
  readonly written: (context: Context) => string;
}

/** The text of each passage, by its key. */
export type Words<Key extends string> = Readonly<Record<Key, string>>;

/** A kind of document: pure functions from facts to blocks. */
export interface Template<Context extends z.ZodType = z.ZodType, Key extends string = string> {
  /** The facts that it needs. They are stored with the document, so that it can be built again. */
  readonly context: Context;
  readonly passages: Readonly<Record<Key, Passage<z.output<Context>>>>;
  readonly heading: (context: z.output<Context>) => { readonly title: string; readonly subtitle: string };
  readonly blocks: (context: z.output<Context>, words: Words<Key>) => readonly Block[];
}

/** Defines a template; `blocks` gets a text for each key of `passages`. */
export function defineTemplate<Context extends z.ZodType, Key extends string>(
  template: Template<Context, Key>,
): Template {
  return template as unknown as Template;
}
