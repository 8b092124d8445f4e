/** Cookies of sign-ins under way: one for each, so that several tabs do not disturb each other. */
import { FLOW_MS, flowName } from "./sign_in_flow.ts";

/** Sign-ins that one browser has under way at most; older ones are forgotten. */
const MAX_FLOWS = 6;

const NAME = /^(?:__Host-)?freshet_oidc_([0-9]{1,15})_([\w-]{22})$/;

/** `__Host-` makes browsers insist on Secure and on this very host (RFC 6265bis). */
function prefix(isSecure: boolean): string {
  return isSecure ? "__Host-freshet_oidc_" : "freshet_oidc_";
}

function setCookie(
  name: string,
  value: string,
  maxAgeSeconds: number,
  isSecure: boolean,
): string {
  const secure = isSecure ? "; Secure" : "";
  return `${name}=${value}; Max-Age=${maxAgeSeconds}; Path=/; HttpOnly; SameSite=Lax${secure}`;
}

interface FlowCookie {
  name: string;
  flow: string;
  atSeconds: number;
  value: string;
}

function flowCookies(header: string | null): FlowCookie[] {
  return (header ?? "").split(";").flatMap((pair) => {
    const [name, ...value] = pair.trim().split("=");
    const found = NAME.exec(name);
    return found === null ? [] : [{
      name,
      atSeconds: Number(found[1]),
      flow: found[2],
      value: value.join("="),
    }];
  });
}

/**
 * `Set-Cookie` lines that keep a new sign-in, and forget the oldest where there are too many.
 * @param header `Cookie` of the request
 */
export function keepFlow(
  header: string | null,
  flow: { state: string; atMs: number },
  sealed: string,
  isSecure: boolean,
): string[] {
  const name = `${prefix(isSecure)}${Math.floor(flow.atMs / 1_000)}_${
    flowName(flow.state)
  }`;
  const old = flowCookies(header)
    .sort((one, other) => other.atSeconds - one.atSeconds)
    .slice(MAX_FLOWS - 1);
  return [
    ...old.map(({ name }) => setCookie(name, "", 0, isSecure)),
    setCookie(name, sealed, FLOW_MS / 1_000, isSecure),
  ];
}

/** The sealed flow of a state among the cookies, or null. */
export function findFlow(header: string | null, state: string): string | null {
  const wanted = flowName(state);
  return flowCookies(header).find(({ flow }) => flow === wanted)?.value ?? null;
}

/** `Set-Cookie` lines that forget the sign-in of a state. */
export function forgetFlow(
  header: string | null,
  state: string,
  isSecure: boolean,
): string[] {
  const wanted = flowName(state);
  return flowCookies(header).filter(({ flow }) => flow === wanted)
    .map(({ name }) => setCookie(name, "", 0, isSecure));
}
