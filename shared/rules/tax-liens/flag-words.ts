import type { CountyForms, FlagWords } from "./county-forms.ts";
import type { FieldOf } from "./lien-fields.ts";
import { isMissing, wordKey } from "./list-words.ts";

const YES: readonly string[] = ["y", "yes", "true", "t", "1", "x"];
const NO: readonly string[] = ["n", "no", "false", "f", "0"];

/** A reader of flags: true for yes, false for no and for an empty cell, null for another text. */
export function flagReader(flags: CountyForms["flags"]): (field: FieldOf<"flag">, text: string) => boolean | null {
  const usual = new Words({ yes: [], no: [] });
  const stated = new Map(Object.entries(flags ?? {}).map(([field, words]) => [field, new Words(words)]));
  return (field, text) => (stated.get(field) ?? usual).meaningOf(text);
}

/** The county's words replace ours where both have one. */
class Words {
  readonly #meanings: ReadonlyMap<string, boolean>;
  readonly #other: boolean | null;

  constructor({ yes, no, other }: FlagWords) {
    const pairs = (words: readonly string[], meaning: boolean) =>
      words.map((word) => [wordKey(word), meaning] as const);
    this.#meanings = new Map([...pairs(YES, true), ...pairs(NO, false), ...pairs(yes, true), ...pairs(no, false)]);
    this.#other = other === undefined ? null : other === "yes";
  }

  meaningOf(text: string): boolean | null {
    if (text === "") return this.#meanings.get("") ?? false;
    const stated = this.#meanings.get(wordKey(text));
    return stated ?? (isMissing(text) ? false : this.#other);
  }
}
