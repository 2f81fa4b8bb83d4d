/**
 * Items in groups that are full at `size`, in their order. While a group is worked on, the next one is gathered; no more than those
 * two are held. What breaks the sequence off is thrown once the groups before it are done.
 */
export async function* gathered<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
  weight: (item: Item) => number = () => 1,
): AsyncGenerator<readonly Item[]> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const gather = async () => {
    const group: Item[] = [];
    for (let gathered = 0; gathered < size;) {
      const next = await source.next();
      if (next.done) break;
      group.push(next.value);
      gathered += weight(next.value);
    }
    return group;
  };
  let isAtEnd = false;
  try {
    for (let group = await gather(); group.length > 0;) {
      const following = gather();
      // Until its turn comes it must not be unhandled.
      following.catch(() => undefined);
      yield group;
      group = await following;
    }
    isAtEnd = true;
  } finally {
    // Not waited for: what is being gathered may take long, and whoever leaves early is in a hurry.
    if (!isAtEnd) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
