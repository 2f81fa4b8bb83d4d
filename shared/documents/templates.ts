import type { Template } from "./template.ts";
import { dealMemo } from "./templates/deal-memo.ts";
import { lienDueDiligence } from "./templates/lien-due-diligence.ts";
import { portfolioStatement } from "./templates/portfolio-statement.ts";

/** All templates by name. */
const TEMPLATES: Readonly<Record<string, Template>> = {
  deal_memo: dealMemo,
  portfolio_statement: portfolioStatement,
  lien_due_diligence: lienDueDiligence,
};

export const TEMPLATE_NAMES = Object.keys(TEMPLATES);

/** There is no template of this name; not retryable. */
export class NoTemplate extends Error {
  override name = "NoTemplate";
  readonly errorClass = "validation";
}

/** @throws NoTemplate */
export function findTemplate(name: string): Template {
  const found = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined;
  if (!found)
    throw new NoTemplate(`expected one of ${TEMPLATE_NAMES.join(", ")} as template, got ${JSON.stringify(name)}`);
  return found;
}
