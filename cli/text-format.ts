/** `1 item`, `3 items`. */
export function quantity(count: number, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 ? "" : "s"}`;
}

/** `1,000,000` */
export function grouped(value: number): string {
  return value.toLocaleString("en-US");
}

/** The text in one line, with single spaces. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
