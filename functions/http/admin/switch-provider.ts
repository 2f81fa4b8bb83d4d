import { z } from "zod";
import { registerProvider } from "#data/platform/provider-calls.ts";
import type { App } from "#http/app-services.ts";
import { notFound } from "#http/problem.ts";
import { defineRoute } from "#http/route.ts";
import { switchProvider } from "#operations/switch-provider.ts";
import { DEFAULT_LIMITS, limitsOf } from "#settings/provider-limits.ts";
import { auditReason } from "../audit-reason.ts";
import { providerSchema, providerViews } from "./provider-view.ts";

const params = z.object({ name: z.string().max(200) });
const body = z.strictObject({ reason: auditReason });
const response = providerSchema.extend({ started: z.int().describe("Waiting runs that start now, at a rising rate") });

export const openProvider = defineRoute({
  method: "POST",
  path: "api/admin/providers/{name}/open",
  access: "operator",
  summary: "Stop all calls to a provider until it is closed again; its runs wait without spending attempts",
  params,
  body,
  response,
  handle: ({ app, params: { name }, body: { reason }, caller }) =>
    switched(app, "open", { provider: name, reason, who: caller }),
});

export const closeProvider = defineRoute({
  method: "POST",
  path: "api/admin/providers/{name}/close",
  access: "operator",
  summary: "Let calls to a provider start again, at a rising rate, and the runs that wait for it",
  params,
  body,
  response,
  handle: ({ app, params: { name }, body: { reason }, caller }) =>
    switched(app, "close", { provider: name, reason, who: caller }),
});

async function switched(app: App, to: "open" | "close", change: { provider: string; reason: string; who: string }) {
  const { provider } = change;
  // A known provider can be closed off before its first call.
  if (DEFAULT_LIMITS.has(provider) || app.config.PROVIDER_LIMITS?.has(provider)) {
    await registerProvider(app.db, provider, limitsOf(provider, app.config.PROVIDER_LIMITS));
  }
  const started = await switchProvider(app, to, change);
  if (started === undefined) throw notFound(`there is no provider ${JSON.stringify(provider)} that was called`);
  const [view] = await providerViews(app, provider);
  return { json: { ...view!, started } };
}
