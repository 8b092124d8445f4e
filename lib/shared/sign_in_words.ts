/** Words of the sign-in pages. */

const MINUTE_S = 60;
const HOUR_S = 60 * MINUTE_S;

/** A wait in words that change each second near its end: `2 h 5 min`, `4 min 10 s`, `42 s`. */
export function formatWait(seconds: number): string {
  if (seconds >= HOUR_S) {
    return join(seconds, HOUR_S, "h", MINUTE_S, "min");
  }
  return seconds >= MINUTE_S
    ? join(seconds, MINUTE_S, "min", 1, "s")
    : `${seconds} s`;
}

function join(
  seconds: number,
  large: number,
  largeUnit: string,
  small: number,
  smallUnit: string,
): string {
  const rest = Math.floor(seconds % large / small);
  const whole = `${Math.floor(seconds / large)} ${largeUnit}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallUnit}`;
}

/** How a provider of identities is called when nothing else is said: by the host of its address. */
export function providerName(issuer: string): string {
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
