/** What a browser calls itself, in words that its user knows it by. */

const MAX_USER_AGENT_CHARACTERS = 1_000;
const MAX_NAME_CHARACTERS = 60;

/** The first that fits counts: most browsers also claim to be those further down. */
const BROWSERS: [RegExp, string][] = [
  [/\bEdg(e|A|iOS)?\//, "Edge"],
  [/\b(OPR|Opera)\//, "Opera"],
  [/\bVivaldi\//, "Vivaldi"],
  [/\bSamsungBrowser\//, "Samsung Internet"],
  [/\b(Firefox|FxiOS)\//, "Firefox"],
  [/\b(Chrome|CriOS|HeadlessChrome)\//, "Chrome"],
  [/\bSafari\//, "Safari"],
];

const SYSTEMS: [RegExp, string][] = [
  [/\biPhone\b/, "iPhone"],
  [/\biPad\b/, "iPad"],
  [/\bAndroid\b/, "Android"],
  [/\bCrOS\b/, "ChromeOS"],
  [/\bWindows\b/, "Windows"],
  [/\bMac OS X\b|\bMacintosh\b/, "macOS"],
  [/\bLinux\b/, "Linux"],
];

/** Such as "Firefox on Linux"; the name of a program that is no browser ("curl"); "Unknown device". */
export function deviceName(userAgent: string | null): string {
  const text = (userAgent ?? "").slice(0, MAX_USER_AGENT_CHARACTERS);
  const find = (list: [RegExp, string][]) =>
    list.find(([pattern]) => pattern.test(text))?.[1];
  const browser = find(BROWSERS);
  const system = find(SYSTEMS);
  if (browser !== undefined) {
    return system === undefined ? browser : `${browser} on ${system}`;
  }
  const program = /^[\w.+-]+/.exec(text)?.[0].slice(0, MAX_NAME_CHARACTERS);
  return program ?? "Unknown device";
}
