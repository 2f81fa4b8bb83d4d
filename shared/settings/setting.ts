import { milliseconds, type Duration } from "../jobs/duration.ts";

/** One setting of the app: how its text is read, what it is when absent, and what it means. */
export interface Setting<T> {
  readonly about: string;
  /** As it would be written; shown in local.settings.example.json. */
  readonly fallback?: string;
  readonly secret?: true;
  /** @throws Error saying what was expected */
  readonly read: (text: string) => T;
}

type Rest = Omit<Setting<never>, "read">;

export function text(rest: Rest): Setting<string> {
  return { ...rest, read: (value) => value };
}

/** @param expected what the pattern asks for, in words */
export function matching(pattern: RegExp, expected: string, rest: Rest): Setting<string> {
  return {
    ...rest,
    read(value) {
      if (!pattern.test(value)) throw new Error(expected);
      return value;
    },
  };
}

/** A secret that opens something: long enough not to be guessed, of characters that headers and addresses carry as they are. */
export function accessKey(rest: Rest): Setting<string> {
  return {
    ...rest,
    read(value) {
      if (!/^[\w.~-]{32,512}$/.test(value))
        throw new Error("32 to 512 letters, digits and -._~ such as `openssl rand -hex 32` gives");
      return value;
    },
  };
}

export function whole(min: number, max: number, rest: Rest): Setting<number> {
  return {
    ...rest,
    read(value) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < min || number > max) throw new Error(`a whole number from ${min} to ${max}`);
      return number;
    },
  };
}

export function flag(rest: Rest): Setting<boolean> {
  return {
    ...rest,
    read(value) {
      if (/^(true|1|yes|on)$/i.test(value)) return true;
      if (/^(false|0|no|off)$/i.test(value)) return false;
      throw new Error("true or false");
    },
  };
}

export function oneOf<const T extends string>(choices: readonly T[], rest: Rest): Setting<T> {
  return {
    ...rest,
    read(value) {
      if (!(choices as readonly string[]).includes(value)) throw new Error(`one of ${choices.join(", ")}`);
      return value as T;
    },
  };
}

export function listOf<const T extends string>(choices: readonly T[], rest: Rest): Setting<readonly T[]> {
  return {
    ...rest,
    read(value) {
      const names = value.split(",").map((name) => name.trim());
      const strange = names.filter((name) => !(choices as readonly string[]).includes(name));
      if (strange.length || new Set(names).size !== names.length) {
        throw new Error(`a comma-separated list, each once, of ${choices.join(", ")}`);
      }
      return names as T[];
    },
  };
}

/** Whole percentages by name that make 100 together: `a=60,b=40`. */
export function shares<const T extends string>(names: readonly T[], rest: Rest): Setting<Readonly<Record<T, number>>> {
  return {
    ...rest,
    read(value) {
      const given = value.split(",").map((part) => /^\s*(\w+)=(\d{1,3})\s*$/.exec(part));
      const shares = new Map(given.map((match) => [match?.[1], Number(match?.[2])]));
      const total = names.reduce((sum, name) => sum + (shares.get(name) ?? NaN), 0);
      if (given.length !== names.length || total !== 100) {
        const form = names.map((name) => `${name}=…`).join(",");
        throw new Error(`whole numbers that make 100 together, as ${form}`);
      }
      return Object.fromEntries(shares) as Record<T, number>;
    },
  };
}

export function url(schemes: readonly string[], rest: Rest): Setting<string> {
  return {
    ...rest,
    read(value) {
      if (!URL.canParse(value) || !schemes.some((scheme) => value.toLowerCase().startsWith(`${scheme}://`))) {
        throw new Error(`an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`);
      }
      return value.replace(/\/$/, "");
    },
  };
}

/** Milliseconds, written with a unit. */
export function duration(min: Duration, max: Duration, rest: Rest): Setting<number> {
  return {
    ...rest,
    read(value) {
      const ms = readOrNaN(value);
      if (ms >= milliseconds(min) && ms <= milliseconds(max)) return ms;
      throw new Error(`a duration such as "30s" or "10m", from "${min}" to "${max}"`);
    },
  };
}

function readOrNaN(value: string): number {
  try {
    return milliseconds(value);
  } catch {
    return NaN;
  }
}
