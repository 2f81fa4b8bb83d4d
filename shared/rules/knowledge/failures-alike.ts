/** From this number on, failures for the same reason have a cause that is none of a single item. */
const MANY = 5;

interface Failure {
  readonly error: Error;
}

/** Failures for the same reason. */
export interface AlikeFailures<Item> {
  readonly items: readonly Item[];
  readonly isSystemic: boolean;
}

/** Groups failures by the kind of their error and its message without numbers and quoted values. */
export function failuresAlike<Item extends Failure>(failures: readonly Item[]): AlikeFailures<Item>[] {
  const groups = Map.groupBy(failures, ({ error }) => `${error.name}: ${error.message.replace(/"[^"]*"|\d+/g, "…")}`);
  return [...groups.values()].map((items) => ({ items, isSystemic: items.length >= MANY }));
}
