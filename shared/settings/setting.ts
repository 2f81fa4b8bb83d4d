import { type Duration, milliseconds } from "#schedule/duration.ts";
import { checkZoneName } from "#schedule/zone-name.ts";

/** One setting of the app: its meaning, its default, and how its text is read. */
export interface Setting<T> {
  readonly about: string;
  /** The default as text; local.settings.example.json shows it. */
  readonly fallback?: string;
  readonly secret?: true;
  /** @throws Error whose message is what was expected */
  readonly read: (text: string) => T;
}

type Options = Omit<Setting<never>, "read">;
/** The given options plus the reader. The type keeps whether there is a fallback. */
type Defined<R extends Options, T> = R & Pick<Setting<T>, "read">;

/** The values of settings by name; one without a fallback may be absent. */
export type ValuesOf<Settings extends Record<string, Setting<unknown>>> = {
  readonly [N in keyof Settings]:
    ReturnType<Settings[N]["read"]> | (Settings[N] extends { readonly fallback: string } ? never : undefined);
};

export function text<const R extends Options>(options: R): Defined<R, string> {
  return { ...options, read: (value) => value };
}

/** @param expected what the pattern asks for, in words */
export function matching<const R extends Options>(pattern: RegExp, expected: string, options: R): Defined<R, string> {
  return {
    ...options,
    read(value) {
      if (!pattern.test(value)) throw new Error(expected);
      return value;
    },
  };
}

/** A key of at least 32 characters that need no escaping in headers and addresses. */
export function accessKey<const R extends Options>(options: R): Defined<R, string> {
  return {
    ...options,
    read(value) {
      if (!/^[\w.~-]{32,512}$/.test(value))
        throw new Error("32 to 512 letters, digits and -._~ such as `openssl rand -hex 32` gives");
      return value;
    },
  };
}

export function whole<const R extends Options>(min: number, max: number, options: R): Defined<R, number> {
  return {
    ...options,
    read(value) {
      const number = Number(value);
      if (!/^\d+$/.test(value) || number < min || number > max) throw new Error(`a whole number from ${min} to ${max}`);
      return number;
    },
  };
}

/** A number from 0 to 1, such as a share or a similarity. */
export function fraction<const R extends Options>(options: R): Defined<R, number> {
  return {
    ...options,
    read(value) {
      const number = Number(value);
      if (!/^\d+(?:\.\d+)?$/.test(value) || number > 1) throw new Error("a number from 0 to 1 such as 0.95");
      return number;
    },
  };
}

export function flag<const R extends Options>(options: R): Defined<R, boolean> {
  return {
    ...options,
    read(value) {
      if (/^(true|1|yes|on)$/i.test(value)) return true;
      if (/^(false|0|no|off)$/i.test(value)) return false;
      throw new Error("true or false");
    },
  };
}

export function oneOf<const T extends string, const R extends Options>(
  choices: readonly T[],
  options: R,
): Defined<R, T> {
  return {
    ...options,
    read(value) {
      if (!(choices as readonly string[]).includes(value)) throw new Error(`one of ${choices.join(", ")}`);
      return value as T;
    },
  };
}

export function listOf<const T extends string, const R extends Options>(
  choices: readonly T[],
  options: R,
): Defined<R, readonly T[]> {
  return {
    ...options,
    read(value) {
      const names = value.split(",").map((name) => name.trim());
      const unknown = names.filter((name) => !(choices as readonly string[]).includes(name));
      if (unknown.length || new Set(names).size !== names.length) {
        throw new Error(`a comma-separated list, each once, of ${choices.join(", ")}`);
      }
      return names as T[];
    },
  };
}

/** Whole percentages by name with a sum of 100: `a=60,b=40`. */
export function shares<const T extends string, const R extends Options>(
  names: readonly T[],
  options: R,
): Defined<R, Readonly<Record<T, number>>> {
  return {
    ...options,
    read(value) {
      const given = value.split(",").map((part) => /^\s*(\w+)=(\d{1,3})\s*$/.exec(part));
      const shares = new Map(given.map((match) => [match?.[1], Number(match?.[2])]));
      const total = names.reduce((sum, name) => sum + (shares.get(name) ?? NaN), 0);
      if (given.length !== names.length || total !== 100) {
        const form = names.map((name) => `${name}=…`).join(",");
        throw new Error(`whole numbers with a sum of 100, as ${form}`);
      }
      return Object.fromEntries(shares) as Record<T, number>;
    },
  };
}

/** One secret for each host: `data.example.gov=abc,data.example.org=def`. */
export function byHost<const R extends Options>(options: R): Defined<R, ReadonlyMap<string, string>> {
  return {
    ...options,
    read(value) {
      const pairs = value.split(",").map((pair) => /^\s*([a-z0-9.-]+(?::\d+)?)=([\w.~+/=-]{1,500})\s*$/i.exec(pair));
      const secrets = new Map(pairs.map((pair) => [pair?.[1]?.toLowerCase() ?? "", pair?.[2] ?? ""]));
      if (secrets.has("") || secrets.size < pairs.length) {
        throw new Error("one value for each host: data.example.gov=abc,data.example.org=def");
      }
      return secrets;
    },
  };
}

export function url<const R extends Options>(schemes: readonly string[], options: R): Defined<R, string> {
  return {
    ...options,
    read(value) {
      if (!URL.canParse(value) || !schemes.some((scheme) => value.toLowerCase().startsWith(`${scheme}://`))) {
        throw new Error(`an address that begins with ${schemes.map((scheme) => `${scheme}://`).join(" or ")}`);
      }
      if (!isDecodable(value)) throw new Error("an address with a percent-encoded user and password: % is %25");
      return value.replace(/\/$/, "");
    },
  };
}

function isDecodable(address: string): boolean {
  const { username, password } = new URL(address);
  try {
    return Boolean(decodeURIComponent(`${username}:${password}`));
  } catch {
    return false;
  }
}

/** Milliseconds, written with a unit. */
export function duration<const R extends Options>(min: Duration, max: Duration, options: R): Defined<R, number> {
  return {
    ...options,
    read(value) {
      const ms = readOrNaN(value);
      if (ms >= milliseconds(min) && ms <= milliseconds(max)) return ms;
      throw new Error(`a duration such as "30s" or "10m", from "${min}" to "${max}"`);
    },
  };
}

/** Milliseconds, written with a unit; 0 switches off what the duration is for. */
export function durationOrOff<const R extends Options>(min: Duration, max: Duration, options: R): Defined<R, number> {
  const { read } = duration(min, max, options);
  return {
    ...options,
    read(value) {
      if (value === "0") return 0;
      try {
        return read(value);
      } catch (error) {
        throw new Error(`${(error as Error).message}, or 0`, { cause: error });
      }
    },
  };
}

/** Host names; `*.example.com` matches every subdomain. */
export function hostPatterns<const R extends Options>(options: R): Defined<R, readonly string[]> {
  return {
    ...options,
    read(value) {
      const hosts = value.split(",").map((host) => host.trim().toLowerCase());
      if (!hosts.every((host) => /^(\*\.)?[a-z0-9.-]+(:\d+)?$/.test(host)))
        throw new Error("a comma-separated list of hosts such as fcm.googleapis.com,*.push.apple.com");
      return hosts;
    },
  };
}

/** An IANA time zone. */
export function timeZone<const R extends Options>(options: R): Defined<R, string> {
  return {
    ...options,
    read(value) {
      // The default is valid, and the first lookup of the runtime's zones costs 14 ms of every cold start.
      if (value === options.fallback) return value;
      let fault: string | undefined;
      checkZoneName(value, (found) => (fault = found));
      if (fault !== undefined) throw new Error(fault.replace(/^expected /, "").replace(/, got ".*?"/, ""));
      return value;
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
