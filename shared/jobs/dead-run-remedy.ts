import type { Run } from "#data/platform/platform-schema.ts";

/** Sentences about what an operator can do with a dead run, by its last error. */
export function deadRunRemedy({ id, input, errors }: Pick<Run, "id" | "input" | "errors">): string {
  const last = errors.at(-1);
  const corrected = `POST api/admin/dead-letters/replay with {"runs":["${id}"],"input":{…}}, or npm run rota -- replay ${id} '{…}'`;
  const replay = `POST api/admin/dead-letters/replay with {"runs":["${id}"]}, or npm run rota -- replay ${id}`;
  const dismiss = `Or dismiss it: POST api/admin/dead-letters/${id}/dismiss with a reason, or npm run rota -- dismiss ${id}.`;
  const hasInput = typeof input === "object" && input !== null && Object.keys(input).length > 0;
  if (last?.name === "InvalidInput" && hasInput) {
    return [
      `Run it again with a corrected input: ${corrected}.`,
      "Or wait until its input can succeed, and run it again without another input.",
      dismiss,
    ].join(" ");
  }
  return `${CURES[last?.class ?? ""] ?? "Remove the cause"}, then run it again: ${replay}. ${dismiss}`;
}

const CURES: Readonly<Record<string, string>> = {
  auth: "Renew the credentials that were refused",
  validation: "Correct the data that the error names",
  rate_limited: "Wait until the provider accepts requests again",
  transient: "Wait until what failed answers again",
};
