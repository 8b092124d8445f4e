/** Secrets at rest: AES-256-GCM with keys derived from one secret, a key for each purpose (RFC 5869). */
import { AppError } from "@/lib/errors.ts";
import type { Config } from "@/lib/config.ts";
import { loadSecret } from "./secret_file.ts";

const VERSION = "s1";
const NONCE_BYTES = 12;
const KEY_ID_BYTES = 6;
const BASE64 = { alphabet: "base64url", omitPadding: true } as const;

/** Encrypts texts for one purpose; what was sealed for another cannot be opened. */
export interface Sealer {
  /** `s1.<key id>.<nonce and ciphertext>`, each part base64url. */
  seal(text: string): Promise<string>;
  /** The text, or null: it was changed, or sealed with another secret or for another purpose. */
  open(sealed: string): Promise<string | null>;
}

interface DerivedKey {
  id: string;
  key: CryptoKey;
}

export class Secrets {
  readonly #load: () => Promise<string | null>;
  readonly #keys = new Map<string, Promise<DerivedKey>>();
  #secret: Promise<string | null> | null = null;

  /** @param load gives the secret; null: there is nowhere to keep one */
  constructor(load: () => Promise<string | null>) {
    this.#load = load;
  }

  /** The setting `FRESHET_SECRET`, else a random one that is kept in the data folder. */
  static of(config: Pick<Config, "secret" | "dataDir" | "storePath">): Secrets {
    return new Secrets(() =>
      config.secret !== null
        ? Promise.resolve(config.secret)
        // Where the store is not in the data folder, other processes have other folders.
        : config.storePath === null
        ? Promise.resolve(null)
        : loadSecret(`${config.dataDir}/secret`)
    );
  }

  /** Names the secret and tells nothing of it: what was sealed with another one names another. */
  async keyId(): Promise<string> {
    return (await this.#keyFor("")).id;
  }

  /** The secret is read when it is needed for the first time. */
  forPurpose(purpose: string): Sealer {
    const context = new TextEncoder().encode(purpose);
    return {
      seal: async (text) => {
        const { id, key } = await this.#keyFor(purpose);
        const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
        const sealed = await crypto.subtle.encrypt(
          { name: "AES-GCM", iv: nonce, additionalData: context },
          key,
          new TextEncoder().encode(text),
        );
        const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
        bytes.set(nonce);
        bytes.set(new Uint8Array(sealed), NONCE_BYTES);
        return `${VERSION}.${id}.${bytes.toBase64(BASE64)}`;
      },
      open: async (sealed) => {
        const [version, id, data, ...rest] = sealed.split(".");
        const known = await this.#keyFor(purpose);
        if (version !== VERSION || id !== known.id || rest.length > 0) {
          return null;
        }
        try {
          const bytes = Uint8Array.fromBase64(data, { alphabet: "base64url" });
          const text = await crypto.subtle.decrypt(
            {
              name: "AES-GCM",
              iv: bytes.subarray(0, NONCE_BYTES),
              additionalData: context,
            },
            known.key,
            bytes.subarray(NONCE_BYTES),
          );
          return new TextDecoder().decode(text);
        } catch {
          return null;
        }
      },
    };
  }

  #keyFor(purpose: string): Promise<DerivedKey> {
    const there = this.#keys.get(purpose);
    if (there !== undefined) return there;
    const key = this.#derive(purpose);
    this.#keys.set(purpose, key);
    // A folder that could not be read may be readable the next time.
    key.catch(() => this.#keys.delete(purpose));
    return key;
  }

  async #derive(purpose: string): Promise<DerivedKey> {
    this.#secret ??= this.#load();
    let secret: string | null;
    try {
      secret = await this.#secret;
    } catch (error) {
      this.#secret = null;
      throw error;
    }
    if (secret === null) throw noSecret();
    const encoder = new TextEncoder();
    const material = await crypto.subtle.importKey(
      "raw",
      encoder.encode(secret),
      "HKDF",
      false,
      ["deriveBits", "deriveKey"],
    );
    const hkdf = (info: string) => ({
      name: "HKDF",
      hash: "SHA-256",
      salt: encoder.encode("freshet"),
      info: encoder.encode(info),
    });
    const [id, key] = await Promise.all([
      crypto.subtle.deriveBits(hkdf("key id"), material, 8 * KEY_ID_BYTES),
      crypto.subtle.deriveKey(
        hkdf(`seal ${purpose}`),
        material,
        { name: "AES-GCM", length: 256 },
        false,
        ["encrypt", "decrypt"],
      ),
    ]);
    return { id: new Uint8Array(id).toBase64(BASE64), key };
  }
}

function noSecret(): AppError {
  return new AppError({
    status: 500,
    code: "secret_missing",
    message:
      "Storing a secret needs the setting FRESHET_SECRET on a server without a data folder.",
  });
}
