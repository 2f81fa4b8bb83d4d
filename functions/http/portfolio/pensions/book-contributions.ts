import type { Tx } from "#data/client.ts";
import { insertContributions, type NewContribution } from "#data/portfolio/pensions.ts";
import { holdPoints } from "#data/portfolio/suspect-points.ts";
import type { App } from "#http/app-services.ts";
import { notifier } from "#notifications/notifier.ts";
import { notify } from "#notifications/notify.ts";
import { implausibleAmount } from "#rules/portfolio/amount-plausibility.ts";
import { suspectNotices } from "#services/portfolio/suspect-notices.ts";
import { portfolio } from "../../../families.ts";

/**
 * Stores contributions. One with an implausible amount is held: it buys nothing until a person decides.
 * @param earlier the contributions that the pension has already, oldest first
 */
export async function bookContributions(
  app: App,
  tx: Tx,
  {
    pensionId,
    contributions,
    earlier,
    caller,
  }: {
    readonly pensionId: string;
    readonly contributions: readonly NewContribution[];
    readonly earlier: readonly Pick<NewContribution, "amount" | "currency">[];
    readonly caller: string;
  },
): Promise<void> {
  const usual = [...earlier];
  const judged = contributions
    .toSorted((one, other) => (one.date < other.date ? -1 : 1))
    .map((contribution) => {
      const implausible = implausibleAmount(contribution, usual);
      if (!implausible) usual.push(contribution);
      return { contribution, implausible };
    });
  const stored = await insertContributions(
    tx,
    pensionId,
    judged.map(({ contribution, implausible }) => ({ ...contribution, isHeld: implausible !== undefined })),
  );
  const foundAt = app.clock.now();
  const held = judged.flatMap(({ contribution, implausible }, index) => {
    if (!implausible) return [];
    const { date, amount: value, reference } = contribution;
    const { id: contributionId } = stored[index]!;
    const point = { kind: "contribution" as const, subject: pensionId, date, value, contributionId, foundAt };
    return [{ ...point, source: `contribution ${reference}`, ...implausible }];
  });
  const context = notifier(app, { family: portfolio.id, who: caller });
  await notify(context, tx, suspectNotices(await holdPoints(tx, held)));
}
