const SMALL = (
  "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen " +
  "seventeen eighteen nineteen"
).split(" ");
const TENS = ["", "", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];
const SCALES = [
  [1_000_000_000, "billion"],
  [1_000_000, "million"],
  [1_000, "thousand"],
  [100, "hundred"],
] as const;
const IRREGULAR: Readonly<Record<string, string>> = {
  one: "first",
  two: "second",
  three: "third",
  five: "fifth",
  eight: "eighth",
  nine: "ninth",
  twelve: "twelfth",
};
/** From here on a number is an id, spoken digit by digit. */
const LIMIT = 1e12;

/** A whole number in English words: `one thousand two hundred four`. One with many digits is spoken digit by digit. */
export function cardinal(number: number): string {
  if (number < 0) return `minus ${cardinal(-number)}`;
  if (number >= LIMIT) return digitWords(BigInt(Math.trunc(number)).toString());
  if (number < 20) return SMALL[number]!;
  if (number < 100) {
    const rest = number % 10;
    return TENS[Math.floor(number / 10)]! + (rest ? `-${SMALL[rest]}` : "");
  }
  const [scale, name] = SCALES.find(([size]) => number >= size)!;
  const rest = number % scale;
  return `${cardinal(Math.floor(number / scale))} ${name}${rest ? ` ${cardinal(rest)}` : ""}`;
}

/** `twenty-first`, `thirtieth`. */
export function ordinal(number: number): string {
  return cardinal(number).replace(
    /[a-z]+$/,
    (last) => IRREGULAR[last] ?? (last.endsWith("y") ? `${last.slice(0, -1)}ieth` : `${last}th`),
  );
}

/** Each digit by itself: `four seven`. */
export function digitWords(digits: string): string {
  return digits.replace(/\d(?!$)/g, "$& ").replace(/\d/g, (digit) => SMALL[Number(digit)]!);
}

/** A year as people say it: `twenty twenty-six`, `nineteen oh one`, `two thousand six`. */
export function yearWords(year: number): string {
  const [century, rest] = [Math.floor(year / 100), year % 100];
  if (year < 1_000 || year > 9_999 || (century % 10 === 0 && rest < 10)) return cardinal(year);
  if (rest === 0) return `${cardinal(century)} hundred`;
  return `${cardinal(century)} ${rest < 10 ? `oh ${cardinal(rest)}` : cardinal(rest)}`;
}

/** A time of day: `six a.m.`, `two oh five p.m.`, `noon`. */
export function timeWords(hour: number, minute: number): string {
  if (minute === 0 && hour % 24 === 0) return "midnight";
  if (minute === 0 && hour === 12) return "noon";
  const minutes = minute === 0 ? "" : minute < 10 ? ` oh ${cardinal(minute)}` : ` ${cardinal(minute)}`;
  return `${cardinal(hour % 12 || 12)}${minutes} ${hour % 24 < 12 ? "a.m." : "p.m."}`;
}

export const MONTHS = "January February March April May June July August September October November December".split(
  " ",
);

/** A calendar date: `December first, twenty twenty-six`. @param month from 1 */
export function dateWords(year: number, month: number, day: number): string {
  return `${MONTHS[month - 1]} ${ordinal(day)}, ${yearWords(year)}`;
}
