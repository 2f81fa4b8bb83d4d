import { Refusal } from "../refusal.ts";
import { FUNCTIONS, shown, type Value } from "./functions.ts";
import { wordsOf, type Word } from "./words.ts";

/** What a filter sees of a connection. */
export interface Filtered {
  readonly id: string;
  readonly userId: string | undefined;
  readonly groups: ReadonlySet<string>;
}

export type Filter = (connection: Filtered) => boolean;

type Expression = (connection: Filtered) => Value;

/**
 * Reads an OData filter as Azure documents it: `userId eq 'ann' and not ('muted' in groups)`. `not` binds tighter than
 * comparisons, those tighter than `and`, that tighter than `or`.
 * @throws Refusal (400) that says where the expression goes wrong
 */
export function filterOf(expression: string): Filter {
  try {
    const evaluate = new Reader(wordsOf(expression)).whole();
    const filter: Filter = (connection) => truth(evaluate(connection));
    // Faults of type show when it is evaluated: once here, not first at some connection.
    filter({ id: "id", userId: "user", groups: new Set() });
    return filter;
  } catch (error) {
    throw new Refusal(400, "BadRequest", `filter: ${(error as Error).message} in ${JSON.stringify(expression)}.`);
  }
}

class Reader {
  readonly #words: readonly Word[];
  #at = 0;

  constructor(words: readonly Word[]) {
    this.#words = words;
  }

  whole(): Expression {
    const expression = this.#or();
    const rest = this.#words[this.#at];
    if (rest) throw new Error(`unexpected ${JSON.stringify(rest.value)}`);
    return expression;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takes("or")) {
      const [a, b] = [left, this.#and()];
      left = (connection) => truth(a(connection)) || truth(b(connection));
    }
    return left;
  }

  #and(): Expression {
    let left = this.#comparison();
    while (this.#takes("and")) {
      const [a, b] = [left, this.#comparison()];
      left = (connection) => truth(a(connection)) && truth(b(connection));
    }
    return left;
  }

  #comparison(): Expression {
    const left = this.#negation();
    if (this.#takes("in")) return this.#membership(left);
    const operator = (["eq", "ne", "gt", "ge", "lt", "le"] as const).find((name) => this.#takes(name));
    if (!operator) return left;
    const right = this.#negation();
    return (connection) => compare(operator, left(connection), right(connection));
  }

  #membership(left: Expression): Expression {
    if (this.#takes("groups")) {
      return (connection) => {
        const value = left(connection);
        return typeof value === "string" && connection.groups.has(value);
      };
    }
    const members = this.#list();
    return (connection) => {
      const value = left(connection);
      return members.some((member) => member(connection) === value);
    };
  }

  #negation(): Expression {
    if (!this.#takes("not")) return this.#primary();
    const operand = this.#negation();
    return (connection) => !truth(operand(connection));
  }

  #primary(): Expression {
    const word = this.#words[this.#at++];
    if (!word) throw new Error("unexpected end");
    if (word.kind === "text" || word.kind === "number") return () => word.value;
    if (word.kind === "sign") {
      if (word.value !== "(") throw new Error(`unexpected "${word.value}"`);
      const inner = this.#or();
      this.#expect(")");
      return inner;
    }
    return this.#named(word.value);
  }

  #named(name: string): Expression {
    switch (name) {
      case "true":
        return () => true;
      case "false":
        return () => false;
      case "null":
        return () => null;
      case "userid":
        return ({ userId }) => userId ?? null;
      case "connectionid":
        return ({ id }) => id;
      case "groups":
        return ({ groups }) => groups;
    }
    const call = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!call) throw new Error(`unknown name "${name}"`);
    const values = this.#list();
    return (connection) => call(values.map((value) => value(connection)));
  }

  #list(): Expression[] {
    this.#expect("(");
    const entries = [this.#or()];
    while (this.#takes(",")) entries.push(this.#or());
    this.#expect(")");
    return entries;
  }

  #expect(sign: string): void {
    const found = this.#words[this.#at]?.value;
    if (!this.#takes(sign)) throw new Error(`expected "${sign}", got ${JSON.stringify(found ?? "the end")}`);
  }

  #takes(value: string): boolean {
    const word = this.#words[this.#at];
    if (!word || word.kind === "text" || word.value !== value) return false;
    this.#at += 1;
    return true;
  }
}

function truth(value: Value): boolean {
  if (typeof value !== "boolean") throw new Error(`expected true or false, got ${shown(value)}`);
  return value;
}

function compare(operator: "eq" | "ne" | "gt" | "ge" | "lt" | "le", left: Value, right: Value): boolean {
  if (operator === "eq") return left === right;
  if (operator === "ne") return left !== right;
  // Order is of numbers with numbers and texts with texts; null is neither before nor after.
  if (left === null || right === null || typeof left !== typeof right) return false;
  const [a, b] = [left as number, right as number];
  switch (operator) {
    case "gt":
      return a > b;
    case "ge":
      return a >= b;
    case "lt":
      return a < b;
    case "le":
      return a <= b;
  }
}
