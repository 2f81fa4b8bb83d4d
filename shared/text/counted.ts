/** A number with its noun: `1 month`, `2 months`. @param many the plural. Default: the noun with an s */
export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
