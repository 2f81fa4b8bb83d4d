/** What differs from one time to the next, as it is printed and as a pattern. */
const VOLATILE: readonly (readonly [printed: RegExp, pattern: string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/, String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z`],
  [/(?<="date": ")\d{4}-\d\d-\d\d/, String.raw`\d{4}-\d\d-\d\d`],
  [/(?<=127\.0\.0\.1:)\d+/, String.raw`\d+`],
  [/(?<="(?:durationMs|requests)": )\d+/, String.raw`\d+`],
  // The year of a tax certificate.
  [/(?<=CP-)20\d\d/, String.raw`20\d\d`],
  // How far away a moment is.
  [/(?<=\()(?:in [\d.]+ [^)]+|[\d.]+ [^)]+ ago)(?=\))/, String.raw`(?:in [\d.]+ [^)]+|[\d.]+ [^)]+ ago)`],
  [/(?<=last heard of )[\d.]+ \w+ ago/, String.raw`[\d.]+ \w+ ago`],
  // Who holds a lease.
  [/(?<=on )[\w.-]+:\d+:\w+/, String.raw`[\w.-]+:\d+:\w+`],
  [/…/, ".*"],
];
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const TOKENS = new RegExp(
  `(?<id>${ID.source})|${VOLATILE.map(([{ source }], i) => `(?<v${i}>${source})`).join("|")}`,
  "g",
);

/**
 * The ids of a page and those of the session that a test leads: an id of the page stands for the one that is printed in its
 * place the first time, and from then on for no other.
 */
export class Transcript {
  readonly #real = new Map<string, string>();

  /** A command of the page with the ids of this session. */
  command(text: string): string {
    return text.replace(new RegExp(ID, "g"), (id) => this.#real.get(id) ?? id);
  }

  /**
   * Compares an answer with the page's. A line `…` stands for any number of lines, `…` in a line for anything in it.
   * @returns what is wrong, or null
   */
  difference(page: string, printed: string): string | null {
    const lines = page.trimEnd().split("\n");
    const ids: string[] = [];
    const patterns = lines.map((line) => (line.trim() === "…" ? "(?:.*\n)*?" : `${this.#pattern(line, ids)}\n`));
    const matched = new RegExp(`^${patterns.join("")}$`).exec(`${printed.trimEnd()}\n`);
    if (!matched) {
      const good = patterns.findLastIndex((_, i) =>
        new RegExp(`^${patterns.slice(0, i + 1).join("")}`).test(`${printed}\n`),
      );
      return `the page's line ${JSON.stringify(lines[good + 1] ?? "(its end)")} is not where it should be in\n${printed}`;
    }
    ids.forEach((id, i) => this.#real.set(id, matched[i + 1]!));
    const several = new Set(this.#real.values()).size < this.#real.size;
    return several ? `two ids of the page are one in\n${printed}` : null;
  }

  #pattern(line: string, ids: string[]): string {
    let pattern = "";
    let end = 0;
    for (const { 0: token, index, groups = {} } of line.matchAll(TOKENS)) {
      pattern += escaped(line.slice(end, index));
      end = index + token.length;
      const kind = VOLATILE.findIndex((_, i) => groups[`v${i}`] !== undefined);
      pattern += kind < 0 ? this.#idPattern(token, ids) : VOLATILE[kind]![1];
    }
    return pattern + escaped(line.slice(end));
  }

  #idPattern(id: string, ids: string[]): string {
    const known = this.#real.get(id);
    if (known !== undefined) return known;
    const place = ids.indexOf(id);
    if (place >= 0) return `\\${place + 1}`;
    ids.push(id);
    return `(${ID.source})`;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
