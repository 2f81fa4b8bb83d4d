/** Whether the constraint allows the value of a route parameter. */
export type Constraint = (value: string) => boolean;

type Make = (args: string[]) => Constraint | undefined;

const GUID =
  /^(?:[0-9a-f]{32}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[({][0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[)}])$/i;
const INTEGER = /^\s*[+-]?\d+\s*$/;
const DECIMAL = /^[+-]?(?:\d[\d,]*\.?\d*|\.\d+)$/;
const FLOAT = /^(?:[+-]?(?:\d[\d,]*\.?\d*|\.\d+)(?:e[+-]?\d+)?|NaN|-?Infinity)$/i;

/** The constraints of ASP.NET routes by name. Each factory returns undefined for invalid arguments. */
const CONSTRAINTS: Record<string, Make> = {
  int: none(integerWithin(-(2n ** 31n), 2n ** 31n - 1n)),
  long: none(integerWithin(-(2n ** 63n), 2n ** 63n - 1n)),
  bool: none((value) => /^\s*(?:true|false)\s*$/i.test(value)),
  decimal: none((value) => DECIMAL.test(value)),
  double: none((value) => FLOAT.test(value)),
  float: none((value) => FLOAT.test(value)),
  datetime: none((value) => !Number.isNaN(Date.parse(value))),
  guid: none((value) => GUID.test(value)),
  alpha: none((value) => /^[a-z]*$/i.test(value)),
  required: none((value) => value !== ""),
  file: none((value) => isFileName(value)),
  nonfile: none((value) => !isFileName(value)),
  minlength: counts(
    1,
    ([least = 0]) =>
      (value) =>
        value.length >= least,
  ),
  maxlength: counts(
    1,
    ([most = 0]) =>
      (value) =>
        value.length <= most,
  ),
  length: (args) =>
    counts(
      1,
      ([exactly]) =>
        (value) =>
          value.length === exactly,
    )(args) ??
    counts(
      2,
      ([least = 0, most = 0]) =>
        (value) =>
          value.length >= least && value.length <= most,
    )(args),
  min: integers(1, ([least = 0n]) => integerWithin(least, 2n ** 63n - 1n)),
  max: integers(1, ([most = 0n]) => integerWithin(-(2n ** 63n), most)),
  range: integers(2, ([least = 0n, most = 0n]) => integerWithin(least, most)),
  regex: (args) => {
    try {
      const pattern = new RegExp(args.join(","), "i");
      return (value) => pattern.test(value);
    } catch {
      return undefined;
    }
  },
};

/**
 * Creates the constraint of a route, such as `int`, `length(2,5)` or `regex(^a.c$)`; `args` is undefined without
 * parentheses. Returns undefined for an unknown constraint or invalid arguments.
 */
export function makeConstraint(name: string, args: string | undefined): Constraint | undefined {
  const key = name.toLowerCase();
  if (!Object.hasOwn(CONSTRAINTS, key)) return undefined;
  return CONSTRAINTS[key]?.(args === undefined ? [] : args.split(","));
}

function none(constraint: Constraint): Make {
  return (args) => (args.length === 0 ? constraint : undefined);
}

function counts(arity: number, make: (numbers: number[]) => Constraint): Make {
  return (args) =>
    args.length === arity && args.every((arg) => /^\s*\d{1,9}\s*$/.test(arg)) ? make(args.map(Number)) : undefined;
}

function integers(arity: number, make: (numbers: bigint[]) => Constraint): Make {
  return (args) =>
    args.length === arity && args.every((arg) => INTEGER.test(arg))
      ? make(args.map((arg) => toInteger(arg)))
      : undefined;
}

function integerWithin(least: bigint, most: bigint): Constraint {
  return (value) => {
    if (!INTEGER.test(value) || value.length > 40) return false;
    const number = toInteger(value);
    return number >= least && number <= most;
  };
}

function toInteger(text: string): bigint {
  return BigInt(text.trim().replace(/^\+/, ""));
}

/** Whether the last part of a path looks like a file name: it has a dot that is not at its end. */
function isFileName(value: string): boolean {
  const name = value.slice(value.lastIndexOf("/") + 1);
  const dot = name.indexOf(".");
  return dot >= 0 && dot < name.length - 1;
}
