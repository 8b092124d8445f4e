/**
 * A sign-in under way, kept in a sealed cookie of the browser that began it: nobody else can end it, no
 * row is written for who only looks, and each tab has its own.
 */
import { hash } from "node:crypto";
import * as z from "zod";
import type { Sealer } from "@/lib/secrets/secrets.ts";

/** How long somebody may take at the identity provider, in milliseconds. */
export const FLOW_MS = 10 * 60_000;

const flowSchema = z.strictObject({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  next: z.string(),
  invitation: z.string().nullable(),
  atMs: z.number(),
});

/** What a sign-in by the identity provider needs to know when the browser comes back. */
export interface SignInFlow {
  /** Value that the answer has to repeat. */
  state: string;
  /** Value that the ID token has to hold. */
  nonce: string;
  /** PKCE code verifier (RFC 7636). */
  verifier: string;
  /** Path of this origin to go to at the end. */
  next: string;
  /** Token of the invitation that is accepted by it, or null. */
  invitation: string | null;
  /** When it began, milliseconds since 1970 UTC. */
  atMs: number;
}

const random = () =>
  crypto.getRandomValues(new Uint8Array(32))
    .toBase64({ alphabet: "base64url", omitPadding: true });

/** A new sign-in. */
export function newFlow(
  next: string,
  invitation: string | null,
  atMs: number,
): SignInFlow {
  return {
    state: random(),
    nonce: random(),
    verifier: random(),
    next,
    invitation,
    atMs,
  };
}

/** A short name of a flow that does not tell its state: for its cookie, and for the row of its use. */
export function flowName(state: string): string {
  return hash("sha256", state, "base64url").slice(0, 22);
}

/** The value of a flow's cookie. */
export function sealFlow(sealer: Sealer, flow: SignInFlow): Promise<string> {
  return sealer.seal(JSON.stringify(flow));
}

/**
 * The flow in a cookie, or null: it is forged, of another state, or too old.
 * @param state what the browser says it comes back with
 */
export async function openFlow(
  sealer: Sealer,
  sealed: string,
  state: string,
  nowMs: number,
): Promise<SignInFlow | null> {
  const text = await sealer.open(sealed);
  if (text === null) return null;
  const flow = flowSchema.parse(JSON.parse(text));
  const isOver = nowMs - flow.atMs > FLOW_MS;
  // Digests are compared: how long that takes tells nothing of the state.
  return isOver || flowName(flow.state) !== flowName(state) ? null : flow;
}
