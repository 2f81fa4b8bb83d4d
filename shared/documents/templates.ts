import { InvalidInput } from "#jobs/endings.ts";
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

/** @throws InvalidInput when there is no template of this name */
export function findTemplate(name: string): Template {
  const found = Object.hasOwn(TEMPLATES, name) ? TEMPLATES[name] : undefined;
  if (found) return found;
  const reason = `expected one of ${TEMPLATE_NAMES.join(", ")}, got ${JSON.stringify(name)}`;
  throw new InvalidInput([{ field: "template", reason }]);
}
