/** Volatile parts of an output: how they are printed, and a pattern for them. */
const VOLATILE: readonly (readonly [printed: RegExp, pattern: string])[] = [
  [/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z/, String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?Z`],
  [/(?<="date": ")\d{4}-\d\d-\d\d/, String.raw`\d{4}-\d\d-\d\d`],
  [/(?<=127\.0\.0\.1:)\d+/, String.raw`\d+`],
  [/(?<="(?:durationMs|requests)": )\d+/, String.raw`\d+`],
  // The year of a tax certificate.
  [/(?<=CP-)20\d\d/, String.raw`20\d\d`],
  // Relative times.
  [/(?<=\()(?:in [\d.]+ [^)]+|[\d.]+ [^)]+ ago)(?=\))/, String.raw`(?:in [\d.]+ [^)]+|[\d.]+ [^)]+ ago)`],
  [/(?<=last heartbeat )[\d.]+ \w+ ago/, String.raw`[\d.]+ \w+ ago`],
  // The holder of a lease.
  [/(?<=on )[\w.-]+:\d+:\w+/, String.raw`[\w.-]+:\d+:\w+`],
  [/…/, ".*"],
];
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/;
const TOKENS = new RegExp(
  `(?<id>${ID.source})|${VOLATILE.map(([{ source }], i) => `(?<v${i}>${source})`).join("|")}`,
  "g",
);

/**
 * Maps the ids of a page to the ids of a test session: an id of the page maps to the id that is first printed in its
 * place, and then to no other.
 */
export class Transcript {
  readonly #realIds = new Map<string, string>();

  /** A command of the page with the ids of this session. */
  command(text: string): string {
    return text.replace(new RegExp(ID, "g"), (id) => this.#realIds.get(id) ?? id);
  }

  /**
   * Compares an answer with that of the page. A line `…` matches any number of lines, `…` in a line matches any text.
   * @returns the difference, or null
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
    ids.forEach((id, i) => this.#realIds.set(id, matched[i + 1]!));
    const several = new Set(this.#realIds.values()).size < this.#realIds.size;
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
    const known = this.#realIds.get(id);
    if (known !== undefined) return known;
    const index = ids.indexOf(id);
    if (index >= 0) return `\\${index + 1}`;
    ids.push(id);
    return `(${ID.source})`;
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}
