/**
 * Groups items in their order; a group is full at `size`. Fetches the next group while the caller works on one, and
 * holds no more than these two. An error of the sequence is thrown after the groups before it.
 */
export async function* prefetchGroups<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
  weight: (item: Item) => number = () => 1,
): AsyncGenerator<readonly Item[]> {
  const source = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const fetchGroup = async () => {
    const group: Item[] = [];
    for (let filled = 0; filled < size;) {
      const next = await source.next();
      if (next.done) break;
      group.push(next.value);
      filled += weight(next.value);
    }
    return group;
  };
  let isAtEnd = false;
  try {
    for (let group = await fetchGroup(); group.length > 0;) {
      const following = fetchGroup();
      // Its error must not count as unhandled before its turn.
      following.catch(() => undefined);
      yield group;
      group = await following;
    }
    isAtEnd = true;
  } finally {
    // Not awaited: the fetch under way may take long, and the caller left early because it must stop.
    if (!isAtEnd) void Promise.resolve(source.return?.()).catch(() => undefined);
  }
}
