import type { Route } from "#http/route.ts";
import type { Job } from "#jobs";
import { routes as admin } from "./http/admin/index.ts";
import { routes as agents } from "./http/agents/index.ts";
import { routes as analysis } from "./http/analysis/index.ts";
import { routes as docs } from "./http/docs/index.ts";
import { routes as documents } from "./http/documents/index.ts";
import { routes as health } from "./http/health/index.ts";
import { routes as knowledge } from "./http/knowledge/index.ts";
import { routes as notifications } from "./http/notifications/index.ts";
import { routes as personalOps } from "./http/personal-ops/index.ts";
import { routes as portfolio } from "./http/portfolio/index.ts";
import { routes as realtime } from "./http/realtime/index.ts";
import { routes as settings } from "./http/settings/index.ts";
import { routes as tasks } from "./http/tasks/index.ts";
import { routes as taxLiens } from "./http/tax-liens/index.ts";
import { jobs as knowledgeJobs } from "./knowledge/index.ts";
import { jobs as personalOpsJobs } from "./personal-ops/index.ts";
import { jobs as platformJobs } from "./platform/index.ts";
import { jobs as portfolioJobs } from "./portfolio/index.ts";
import { jobs as taskJobs } from "./tasks/index.ts";
import { jobs as taxLienJobs } from "./tax-liens/index.ts";

/** Every job of the app, by family. */
export const jobs: readonly Job[] = [
  ...platformJobs,
  ...portfolioJobs,
  ...taskJobs,
  ...taxLienJobs,
  ...knowledgeJobs,
  ...personalOpsJobs,
];

/** Every HTTP route of the app, by area. */
export const routes: readonly Route[] = [
  ...health,
  ...docs,
  ...admin,
  ...realtime,
  ...settings,
  ...notifications,
  ...portfolio,
  ...tasks,
  ...taxLiens,
  ...analysis,
  ...agents,
  ...documents,
  ...knowledge,
  ...personalOps,
];
