/** Signing in by the identity provider, from the button to the session. */
import type { Sealer } from "@/lib/secrets/secrets.ts";
import type { Client, NewSession } from "@/lib/auth/sessions.ts";
import type { Clock } from "@/lib/clock.ts";
import type { OidcSettings } from "@/lib/config/oidc.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { OidcRefusalCode } from "@/lib/shared/oidc_refusals.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import type { FlowStore } from "./flow_store.ts";
import { type ProvidedIdentity, readIdentity } from "./identity_claims.ts";
import type { IdentityProvider } from "./identity_provider.ts";
import { mappedRole } from "./mapped_role.ts";
import { OidcRefusal, toRefusal } from "./refusal.ts";
import {
  newFlow,
  openFlow,
  sealFlow,
  type SignInFlow,
} from "./sign_in_flow.ts";

/** Path of the page that the identity provider sends browsers back to. */
export const CALLBACK_PATH = "/auth/oidc/callback";

/** Refusals that reach the audit log, in any minute; who begins more only fills it. */
const MAX_AUDITED_A_MINUTE = 60;
const MINUTE_MS = 60_000;

/** What the browser brings back from the provider. */
export interface ProviderAnswer {
  /** Address that it was sent to, with the origin of the redirect URI. */
  url: URL;
  /** Sealed flow out of its cookies, or null: it has none for this state. */
  sealed: string | null;
  client: Client;
}

/** How a sign-in ended. */
export type SignInOutcome =
  | { session: NewSession; next: string }
  | { refused: OidcRefusalCode; next: string };

export interface OidcSignInOptions {
  provider: IdentityProvider;
  settings: OidcSettings;
  flows: FlowStore;
  sealer: Sealer;
  doorkeeper: Pick<Doorkeeper, "enter">;
  clock: Clock;
  log: Logger;
}

export class OidcSignIn {
  readonly #options: OidcSignInOptions;
  #audited = { sinceMs: 0, count: 0 };

  constructor(options: OidcSignInOptions) {
    this.#options = options;
  }

  /** Text of the button on the sign-in page. */
  get buttonLabel(): string {
    const { settings, provider } = this.#options;
    return settings.buttonLabel ?? `Continue with ${provider.host}`;
  }

  /** Gets ready for somebody who is about to sign in; nobody waits for it. */
  prepare(): void {
    this.#options.provider.prepare();
  }

  /**
   * Begins a sign-in.
   * @param origin where people reach this server
   * @param next path of this origin to go to at the end; checked by the caller
   * @param invitation token of the invitation that is accepted by it, or null
   * @returns where to send the browser, and what it has to keep; or why not
   */
  async begin(
    origin: string,
    next: string,
    invitation: string | null,
    client: Client,
  ): Promise<
    | { location: URL; flow: SignInFlow; sealed: string }
    | { refused: OidcRefusalCode; next: string }
  > {
    const { provider, flows, sealer } = this.#options;
    const flow = newFlow(next, invitation, flows.now());
    try {
      const location = await provider.authorizationUrl(
        flow,
        origin + CALLBACK_PATH,
      );
      return { location, flow, sealed: await sealFlow(sealer, flow) };
    } catch (error) {
      if (!(error instanceof OidcRefusal)) throw error;
      return await this.#refuse(error, next, client, null);
    }
  }

  /** Ends a sign-in with a session, or with the reason why there is none. */
  async finish(
    { url, sealed, client }: ProviderAnswer,
  ): Promise<SignInOutcome> {
    const { provider, flows, sealer, settings, doorkeeper } = this.#options;
    let next = "/";
    let person: ProvidedIdentity | null = null;
    try {
      const state = url.searchParams.get("state") ?? "";
      const flow = sealed === null
        ? null
        : await openFlow(sealer, sealed, state, flows.now());
      if (flow === null) {
        throw new OidcRefusal("oidc_expired", "no sign-in of this browser");
      }
      next = flow.next;
      // Before the code is spent: of two that bring the same answer at once, one goes on.
      if (!await flows.use(flow.state)) {
        throw new OidcRefusal("oidc_used", "the answer came again");
      }
      const { issuer, claims } = await provider.exchange(flow, url);
      person = readIdentity(claims, issuer, settings.groupsClaim);
      const session = await doorkeeper.enter(
        person,
        mappedRole(person.groups, settings),
        flow.invitation,
        client,
      );
      return { session, next };
    } catch (error) {
      if (!(error instanceof OidcRefusal)) throw error;
      return await this.#refuse(toRefusal(error), next, client, person);
    }
  }

  async #refuse(
    refusal: OidcRefusal,
    next: string,
    client: Client,
    person: ProvidedIdentity | null,
  ): Promise<{ refused: OidcRefusalCode; next: string }> {
    const { log, flows } = this.#options;
    const { code, detail, cause } = refusal;
    log.warn("Sign-in by the identity provider was refused", {
      code,
      detail,
      ...(code === "oidc_unavailable" || code === "oidc_misconfigured"
        ? { error: cause }
        : {}),
    });
    const subject = person?.email ?? "unknown";
    if (this.#isAudited()) await flows.refused(refusal, subject, client);
    return { refused: code, next };
  }

  #isAudited(): boolean {
    const nowMs = this.#options.clock.monotonic();
    if (nowMs - this.#audited.sinceMs >= MINUTE_MS) {
      this.#audited = { sinceMs: nowMs, count: 0 };
    }
    this.#audited.count += 1;
    return this.#audited.count <= MAX_AUDITED_A_MINUTE;
  }
}
