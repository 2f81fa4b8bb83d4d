/** An item with the settled result of its call. */
export interface SettledItem<Item, Answer> {
  readonly item: Item;
  readonly answer: PromiseSettledResult<Answer>;
}

/**
 * Calls `ask` for each item, at most `width` calls at a time, and yields the results in the order of the items. It
 * prefetches at most `width` results while the reader processes one.
 */
export async function* mapConcurrently<Item, Answer>(
  width: number,
  items: Iterable<Item>,
  ask: (item: Item) => Promise<Answer>,
): AsyncGenerator<SettledItem<Item, Answer>> {
  const waiting = items[Symbol.iterator]();
  const pending: Promise<SettledItem<Item, Answer>>[] = [];
  const start = () => {
    const next = waiting.next();
    if (next.done) return;
    const item = next.value;
    // Settled at once: a rejection must not be unhandled until the reader gets to it.
    pending.push(Promise.allSettled([ask(item)]).then(([answer]) => ({ item, answer })));
  };
  for (let count = 0; count < width; count++) start();
  for (let first = pending.shift(); first; first = pending.shift()) {
    const settled = await first;
    start();
    yield settled;
  }
}
