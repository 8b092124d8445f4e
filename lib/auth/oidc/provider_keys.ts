/** The keys by which the identity provider signs (JWK Set, RFC 7517). */
import type { Clock } from "@/lib/clock.ts";
import { KeptValue } from "./kept_value.ts";
import { providerFetch } from "./provider_fetch.ts";
import { OidcRefusal } from "./refusal.ts";

const FRESH_MS = 10 * 60_000;

/** A key that was withdrawn is trusted no longer than this, even while the provider is down. */
const USABLE_MS = 60 * 60_000;

const PAUSE_MS = 1_000;

/** Keys that were fetched so recently are not fetched again for a signature by an unknown one. */
const NEW_MS = 1_000;

export class ProviderKeys {
  readonly #kept: KeptValue<string>;

  constructor(url: string, clock: Clock) {
    this.#kept = new KeptValue({
      load: () => load(url),
      clock,
      freshMs: FRESH_MS,
      usableMs: USABLE_MS,
      pauseMs: PAUSE_MS,
    });
  }

  /**
   * The key set as JSON, fetched anew when it lacks the key that is asked for.
   * @param keyId `kid` of the key that made a signature; null: any
   * @throws {OidcRefusal} `oidc_unavailable` when there is none to be had
   */
  async get(keyId: string | null): Promise<string> {
    const keys = await this.#kept.get();
    if (keyId === null || has(keys, keyId)) return keys;
    return await this.#kept.newerThan(NEW_MS);
  }

  /** Forgets them, as a process does that begins. */
  drop(): void {
    this.#kept.drop();
  }
}

async function load(url: string): Promise<string> {
  const response = await providerFetch(url, {
    headers: { accept: "application/jwk-set+json, application/json" },
  });
  if (!response.ok) {
    await response.body?.cancel();
    throw new OidcRefusal(
      "oidc_unavailable",
      `keys: status ${response.status}`,
    );
  }
  const json = await response.text();
  if (keyIds(json) === null) {
    throw new OidcRefusal("oidc_unavailable", "keys: no key set");
  }
  return json;
}

/** Ids of the keys of a set, or null: it is none. */
function keyIds(json: string): unknown[] | null {
  try {
    const { keys } = JSON.parse(json);
    return keys.map(({ kid }: { kid?: unknown }) => kid);
  } catch {
    return null;
  }
}

function has(json: string, keyId: string): boolean {
  return keyIds(json)?.includes(keyId) ?? false;
}
