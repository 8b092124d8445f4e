/**
 * Path patterns in URLPattern syntax. The common forms (`:id`, `:id?`, `:rest*`, `*`) are compiled to a
 * regular expression, which is several times faster than URLPattern; the others use URLPattern itself.
 *
 * Source: https://urlpattern.spec.whatwg.org/
 */

/** Gives the decoded parameters of a matching path, else null. */
export type PathMatcher = (pathname: string) => Record<string, string> | null;

const SPECIAL = /[:*?+(){}\\]/;
const NAME = /^[A-Za-z_$][\w$]*/;

/** A plain path (percent-encoded) when nothing in the pattern varies, else its matcher. */
export function compilePattern(pattern: string): string | PathMatcher {
  if (!SPECIAL.test(pattern)) return encodePath(pattern);
  return compileSimple(pattern) ?? compileWithUrlPattern(pattern);
}

function compileSimple(pattern: string): PathMatcher | null {
  if (/[(){}\\]/.test(pattern)) return null;
  const names: string[] = [];
  let source = "";
  let wildcards = 0;
  let index = 0;
  while (index < pattern.length) {
    const character = pattern[index];
    if (character === "*") {
      source += "(.*)";
      names.push(String(wildcards++));
      index++;
      if (/[?*+]/.test(pattern[index] ?? "")) return null;
      continue;
    }
    if (character === "?" || character === "+") return null;
    if (character !== ":") {
      const end = endOfLiteral(pattern, index);
      source += escapeRegExp(encodePath(pattern.slice(index, end)));
      index = end;
      continue;
    }
    const name = NAME.exec(pattern.slice(index + 1))?.[0];
    if (name === undefined) return null;
    index += 1 + name.length;
    names.push(name);
    const modifier = pattern[index] ?? "";
    if (!/[?*+]/.test(modifier)) {
      source += "([^/]+?)";
      continue;
    }
    // A modifier applies to the parameter together with the slash before it.
    if (!source.endsWith("/")) return null;
    index++;
    source = source.slice(0, -1) + groupWithModifier(modifier);
  }
  return matcherOf(new RegExp(`^${source}$`), names);
}

function groupWithModifier(modifier: string): string {
  if (modifier === "?") return "(?:/([^/]+?))?";
  const many = "(?:/([^/]+?(?:/[^/]+?)*))";
  return modifier === "*" ? `${many}?` : many;
}

function endOfLiteral(pattern: string, start: number): number {
  let end = start;
  while (end < pattern.length && !SPECIAL.test(pattern[end])) end++;
  return end;
}

function matcherOf(expression: RegExp, names: string[]): PathMatcher {
  return (pathname) => {
    const match = expression.exec(pathname);
    if (match === null) return null;
    const params = Object.create(null);
    for (let index = 0; index < names.length; index++) {
      params[names[index]] = decodeParameter(match[index + 1]);
    }
    return params;
  };
}

function compileWithUrlPattern(pattern: string): PathMatcher {
  const urlPattern = new URLPattern({ pathname: pattern });
  return (pathname) => {
    const match = urlPattern.exec({ pathname });
    if (match === null) return null;
    const params = Object.create(null);
    for (const [name, value] of Object.entries(match.pathname.groups)) {
      params[name] = decodeParameter(value);
    }
    return params;
  };
}

/** `decodeURI`, so `%2F` stays as it is; text that is not valid UTF-8 stays encoded. */
function decodeParameter(value: string | undefined): string {
  if (value === undefined) return "";
  if (!value.includes("%")) return value;
  try {
    return decodeURI(value);
  } catch {
    return value;
  }
}

function encodePath(path: string): string {
  // Only characters that a URL never holds are encoded, so encoded patterns stay as they are.
  return path.replace(/[^\x21-\x7e]+/g, encodeURIComponent);
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|-]/g, "\\$&");
}
