import { badRequest } from "./http-error.ts";

/** The part of a connection that a filter sees. */
export interface FilteredConnection {
  readonly id: string;
  readonly userId: string | undefined;
  readonly groups: ReadonlySet<string>;
}

export type Filter = (connection: FilteredConnection) => boolean;

type Operand = (connection: FilteredConnection) => string | null;

const SUPPORTED =
  "userId, connectionId, 'text' and null with eq and ne; 'group' in groups; true, false, and, or, not (…), parentheses";

/**
 * Parses the supported subset of Azure's OData filter language, such as `userId eq 'ann' and not ('muted' in groups)`.
 * As in OData, `not` binds tighter than a comparison, so a comparison after it needs parentheses.
 * @throws HttpError (400) that names the unexpected token and the supported language
 */
export function parseFilter(expression: string): Filter {
  const tokens = expression.match(/'(?:[^']|'')*'|[()]|[^\s()']+|'/g) ?? [];
  let position = 0;
  const filter = parseOr();
  return position === tokens.length ? filter : unexpected();

  function parseOr(): Filter {
    const terms = [parseAnd()];
    while (take("or")) terms.push(parseAnd());
    return (connection) => terms.some((term) => term(connection));
  }

  function parseAnd(): Filter {
    const terms = [parseBoolean() ?? parseComparison()];
    while (take("and")) terms.push(parseBoolean() ?? parseComparison());
    return (connection) => terms.every((term) => term(connection));
  }

  function parseBoolean(): Filter | undefined {
    if (take("true")) return () => true;
    if (take("false")) return () => false;
    if (take("not")) {
      const negated = parseBoolean() ?? unexpected();
      return (connection) => !negated(connection);
    }
    if (!take("(")) return undefined;
    const inner = parseOr();
    return take(")") ? inner : unexpected();
  }

  function parseComparison(): Filter {
    const left = parseOperand();
    if (take("in")) return take("groups") ? (connection) => isMember(connection, left) : unexpected();
    const isEqual = take("eq");
    if (!isEqual && !take("ne")) return unexpected();
    const right = parseOperand();
    return (connection) => (left(connection) === right(connection)) === isEqual;
  }

  function parseOperand(): Operand {
    if (take("null")) return () => null;
    if (take("userid")) return ({ userId }) => userId ?? null;
    if (take("connectionid")) return ({ id }) => id;
    const text = /^'(.*)'$/s.exec(tokens[position] ?? "")?.[1]?.replaceAll("''", "'");
    if (text === undefined) return unexpected();
    position += 1;
    return () => text;
  }

  /** Names and operators are case-insensitive. */
  function take(word: string): boolean {
    if (tokens[position]?.toLowerCase() !== word) return false;
    position += 1;
    return true;
  }

  function unexpected(): never {
    const token = tokens[position];
    const found = token === undefined ? "unexpected end" : `unexpected ${JSON.stringify(token)}`;
    throw badRequest(`filter: ${found} in ${JSON.stringify(expression)}. The emulator supports ${SUPPORTED}.`);
  }
}

function isMember(connection: FilteredConnection, group: Operand): boolean {
  const name = group(connection);
  return name !== null && connection.groups.has(name);
}
