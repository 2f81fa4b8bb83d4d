import type { DemoApi, DemoData } from "./demo-data.ts";

interface Extraction {
  readonly state: string;
  readonly error: string | null;
  readonly proposals: Readonly<Record<"topics" | "atoms", Readonly<Record<string, number>>>>;
}

/** Messages of a team: the first ones bring new knowledge, which is approved; later ones repeat some of it. */
export const knowledgeDemo: DemoData = {
  family: "knowledge",
  async load(api) {
    const first = await extract(api, "handbook", HANDBOOK);
    await runJobs(api, "first");
    const second = await extract(api, "chat", CHAT);
    await runJobs(api, "second");
    const proposals = first + second;
    return `${HANDBOOK.length + CHAT.length} messages with ${proposals} proposals; approved without a person: the certain ones that repeat nothing`;
  },
};

/** Sends messages, and waits for the end of their extraction. @returns how many proposals came of them */
async function extract(api: DemoApi, source: string, texts: readonly (readonly [string, string])[]): Promise<number> {
  const messages = texts.map(([author, text], i) => ({
    source,
    externalId: `demo-${i + 1}`,
    author,
    text,
    sentAt: new Date(api.now.getTime() - (texts.length - i) * 60_000).toISOString(),
  }));
  const key = `demo:knowledge-${source}`;
  const started = await api.post<{ extraction: string; run: string }>("api/knowledge/messages", { messages }, key);
  await api.get(`api/admin/runs/${started.run}?wait=30`);
  const { state, error, proposals } = await api.get<Extraction>(`api/knowledge/extractions/${started.extraction}`);
  if (state !== "extracted") throw new Error(`the extraction is ${state}: ${error ?? "it has not finished"}`);
  const counts = [proposals.topics, proposals.atoms].flatMap((kind) => Object.values(kind));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Now, instead of at their next times: the scan runs each half hour only. */
async function runJobs(api: DemoApi, time: string): Promise<void> {
  for (const job of ["deduplication_scan", "auto_review_proposals", "proposal_metrics_update"]) {
    await api.post(`api/admin/jobs/${job}/run?wait=30`, {}, `demo:knowledge-${job}-${time}`);
  }
}

/** Author and text of each message. */
const HANDBOOK: readonly (readonly [string, string])[] = [
  [
    "Ada",
    "# Backups\nDecision: We keep database backups for 35 days.\nRule: A restore is tested in the first week of each quarter.\n- Retention: how long a backup is kept before it is deleted",
  ],
  [
    "Grace",
    "Subject: Releases\nFrom: Grace\n\n## Releases\nDecision: Releases go out on Tuesday and Thursday mornings.\nA canary is a release to one region before all others.\nNote: no releases in the last week of a quarter #release-calendar",
  ],
  [
    "Linus",
    "# On call\nFact: The on-call week begins on Monday at 10:00 in Berlin.\nTODO write the guide for new members",
  ],
];

const CHAT: readonly (readonly [string, string])[] = [
  ["Grace", "decision: we keep database backups for 35 days #backups"],
  ["Linus", "Decision: Releases go out on Tuesday and Thursday morning"],
  ["Ada", "RPO means how much data a failure may lose at most #backups"],
  ["Linus", "the export job is slow again, who looks at the export job?"],
  ["Grace", "Decision: The export job runs on a machine of its own. #exports"],
  ["Ada", "🎉🎉🎉"],
];
