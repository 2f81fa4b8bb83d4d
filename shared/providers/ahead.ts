/** One thing asked for and what came of it. */
export interface Asked<Item, Answer> {
  readonly item: Item;
  readonly answer: PromiseSettledResult<Answer>;
}

/**
 * Asks for each item, at most `width` at a time, and hands the answers on in the items' order: while one is worked on, the next
 * are on their way. No more than `width` answers are held.
 */
export async function* ahead<Item, Answer>(
  width: number,
  items: Iterable<Item>,
  ask: (item: Item) => Promise<Answer>,
): AsyncGenerator<Asked<Item, Answer>> {
  const waiting = items[Symbol.iterator]();
  const underWay: Promise<Asked<Item, Answer>>[] = [];
  const start = () => {
    const next = waiting.next();
    if (next.done) return;
    const item = next.value;
    // Settled rather than awaited: a failure must not be unhandled until its turn comes.
    underWay.push(Promise.allSettled([ask(item)]).then(([answer]) => ({ item, answer })));
  };
  for (let count = 0; count < width; count++) start();
  for (let first = underWay.shift(); first; first = underWay.shift()) {
    const asked = await first;
    start();
    yield asked;
  }
}
