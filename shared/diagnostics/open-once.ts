/**
 * Opens something at the first call and shares it with all later calls. The calls that wait share a failure as well;
 * then it is forgotten, and the next call opens again.
 */
export function openOnce<T>(open: () => Promise<T>): () => Promise<T> {
  let opened: Promise<T> | undefined;
  return () => {
    if (opened) return opened;
    const opening = open();
    opened = opening;
    opening.catch(() => {
      if (opened === opening) opened = undefined;
    });
    return opening;
  };
}
