import { isCivilDate } from "../civil-date.ts";
import { cardinal, dateWords, digitWords, ordinal, timeWords } from "./number-words.ts";

/** Words a minute of the voice. */
export const WORDS_A_MINUTE = 150;
/** Letters that count as one word: a longer word takes longer to speak. */
const LETTERS_OF_A_WORD = 14;
/** Scripts without spaces between words: each character counts as a word. */
const WITHOUT_SPACES =
  /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}]/gu;

/**
 * A line as it is spoken: dates, times and numbers as words, and no character that a voice or a markup reads as
 * anything but a letter or a pause.
 */
export function spoken(line: string): string {
  return line
    .normalize("NFKC")
    .replace(/(\d{4}-\d{2}-\d{2})(?:[T ](?=\d{2}:\d{2}))?/g, (text, date: string) =>
      isCivilDate(date) ? ` ${dateWords(...partsOf(date))} ` : text,
    )
    .replace(
      /(?<![\d:])([01]?\d|2[0-3]):([0-5]\d)(?::[0-5]\d(?:\.\d+)?)?Z?(?![\d:])/g,
      (_, hour: string, minute: string) => ` ${timeWords(Number(hour), Number(minute))} `,
    )
    .replace(/(?<!\p{Nd})\d{1,3}(?:,\d{3})+(?!\p{Nd})/gu, (number) => number.replaceAll(",", ""))
    .replace(/([$€£])(\d+(?:\.\d+)?)/g, (_, sign: string, amount: string) => `${amount} ${CURRENCIES[sign]}`)
    .replace(/(?<![\p{L}\p{Nd}])[-−](?=\d)/gu, " minus ")
    .replace(/(\d+)(?:st|nd|rd|th)\b/g, (_, number: string) => ` ${ordinal(Number(number))} `)
    .replace(/\d+(?:\.\d+)+/g, (number) => ` ${number.split(".").map(numberWords).join(" point ")} `)
    .replace(/\p{Nd}+/gu, (number) => ` ${numberWords(number)} `)
    .replace(/\p{N}/gu, " ")
    .replaceAll("%", " percent ")
    .replaceAll("&", " and ")
    .replaceAll("+", " plus ")
    .replace(/[^\p{L}\p{M}\s.,?!'’:;-]/gu, " ")
    .replace(/(?<!\p{L})-|-(?!\p{L})/gu, " ")
    .replace(/\s+(?=[.,?!:;])/g, "")
    .replace(/\s+/g, " ")
    .trim();
}

const CURRENCIES: Readonly<Record<string, string>> = { $: "dollars", "€": "euros", "£": "pounds" };

/** The digits of a number in any script; one with a leading zero is a code, spoken digit by digit. */
function numberWords(text: string): string {
  const digits = text.replace(/[^0-9]/g, digitOf);
  if (digits.length > 12 || /^0\d/.test(digits)) return digitWords(digits.slice(0, 12));
  return cardinal(Number(digits));
}

/** The value of a decimal digit: each script has its ten digits in a row, after a character that is none. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0)!;
  let zero = code;
  while (code - zero < 9 && /\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
  return String(code - zero);
}

function partsOf(date: string): [number, number, number] {
  return date.split("-").map(Number) as [number, number, number];
}

/** How many words a spoken text has; `twenty-one` are two. */
export function wordCount(text: string): number {
  const words = text.split(/[\s-]+/).filter((word) => /\p{L}/u.test(word));
  return words.reduce((count, word) => {
    const alone = word.match(WITHOUT_SPACES)?.length ?? 0;
    return count + alone + Math.ceil((word.length - alone) / LETTERS_OF_A_WORD);
  }, 0);
}

/** The first words of a spoken text, at most `max`; empty when the first word alone is longer. */
export function firstWords(text: string, max: number): string {
  const kept: string[] = [];
  for (const word of text.split(" ")) {
    if (wordCount([...kept, word].join(" ")) > max) break;
    kept.push(word);
  }
  return kept.join(" ").replace(/[.,:;?!-]+$/, "");
}

/** Seconds to speak so many words. */
export function secondsOf(words: number): number {
  return (words / WORDS_A_MINUTE) * 60;
}
