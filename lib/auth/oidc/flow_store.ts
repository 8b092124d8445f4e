/** Makes each sign-in by the identity provider count once, in all processes, and tells the audit log. */
import { auditEvent } from "@/lib/audit/audit_event.ts";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import type { Client } from "@/lib/auth/sessions.ts";
import { commit } from "@/lib/kv/commit.ts";
import { usedFlowKey } from "@/lib/kv/keys.ts";
import type { Store } from "@/lib/kv/store.ts";
import { newToken } from "@/lib/kv/token.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { OidcRefusal } from "./refusal.ts";
import { FLOW_MS, flowName } from "./sign_in_flow.ts";

/** A used flow is remembered longer than its cookie can be good. */
const REMEMBER_MS = 2 * FLOW_MS;

export class FlowStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Wall clock of the store, milliseconds since 1970 UTC. */
  now(): number {
    return this.#store.clock.now();
  }

  /** Uses a flow up. @returns whether it had not been used */
  async use(state: string): Promise<boolean> {
    const { ok } = await commit(this.#store, this.#mark(flowName(state)));
    return ok;
  }

  /** Tells the audit log that somebody did not get in. */
  async refused(
    refusal: OidcRefusal,
    subject: string,
    { address, userAgent }: Client,
  ): Promise<void> {
    const at = this.now();
    const unit = this.#mark(newToken()).event(
      FIRST_WORKSPACE,
      auditEvent("user.sign_in_failed", {
        actor: null,
        subject,
        address,
        at,
        details: {
          method: "oidc",
          reason: `${refusal.code}: ${refusal.detail}`,
          userAgent,
        },
      }),
    );
    await commit(this.#store, unit);
  }

  #mark(name: string): UnitOfWork {
    const expiresAt = this.now() + REMEMBER_MS;
    return new UnitOfWork().guard(
      usedFlowKey(name),
      null,
      { v: 1, expiresAt },
      { expireInMs: REMEMBER_MS },
    );
  }
}
