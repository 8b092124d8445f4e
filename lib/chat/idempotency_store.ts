/** What a request that may come twice has made, so that its repetition makes nothing more. */
import { AppError } from "@/lib/errors.ts";
import * as keys from "@/lib/kv/keys.ts";
import { get } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import { UnitOfWork } from "@/lib/kv/unit_of_work.ts";

/** How long a key is remembered. */
export const IDEMPOTENCY_MS = 24 * 60 * 60 * 1000;

/** A request to make something, with the `Idempotency-Key` it came with. */
export interface IdempotentRequest {
  /** Kind of the request, for example `tasks`. */
  scope: string;
  /** As the caller chose it. */
  key: string;
  /** The checked body; its fields in the order of its schema. */
  body: unknown;
}

interface ReceiptRecord {
  v: 1;
  bodyHash: string;
  id: string;
  expiresAt: number;
}

/** What is known about a request: the id it made, or what to commit together with what it makes. */
export type Claim =
  | { state: "made"; id: string }
  | { state: "open"; receipt(id: string): UnitOfWork };

export class IdempotencyStore {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Looks a request up. The unit of an open claim does not commit when the same key was used meanwhile:
   * look it up again then.
   * @param request null for one without a key, which is always open
   * @throws {AppError} 422 `idempotency_key_reused` when the key came with another body
   */
  async claim(
    space: string,
    request: IdempotentRequest | null,
  ): Promise<Claim> {
    if (request === null) {
      return { state: "open", receipt: () => new UnitOfWork() };
    }
    const [keyHash, bodyHash] = await Promise.all([
      sha256(request.key),
      sha256(JSON.stringify(request.body)),
    ]);
    const key = keys.idempotencyKey(space, request.scope, keyHash);
    const { value, versionstamp } = await get<ReceiptRecord>(this.#store, key);
    const nowMs = this.#store.clock.now();
    if (value !== null && value.expiresAt > nowMs) {
      if (value.bodyHash === bodyHash) return { state: "made", id: value.id };
      throw new AppError({
        status: 422,
        code: "idempotency_key_reused",
        message:
          "This Idempotency-Key was used within 24 hours with another body.",
      });
    }
    return {
      state: "open",
      receipt: (id) =>
        new UnitOfWork().guard(
          key,
          versionstamp,
          { v: 1, bodyHash, id, expiresAt: nowMs + IDEMPOTENCY_MS },
          { expireInMs: IDEMPOTENCY_MS },
        ),
    };
  }
}

async function sha256(text: string): Promise<string> {
  const bytes = new TextEncoder().encode(text);
  const digest = await crypto.subtle.digest("SHA-256", bytes);
  return new Uint8Array(digest).toHex();
}
