/**
 * Passwords by scrypt (RFC 7914), with the parameters beside each hash. The work is done off the event
 * loop by the platform; each one in progress takes 32 MiB, so only a few are.
 */
import { scrypt, timingSafeEqual } from "node:crypto";
import { Turns } from "./turns.ts";

/** How much work a hash is. OWASP's Password Storage Cheat Sheet lists these as of equal strength. */
export interface PasswordCost {
  /** CPU and memory cost N, a power of two; memory is 128 × N × r bytes. */
  n: number;
  /** Block size r. */
  r: number;
  /** Parallelisation p; done one after the other here, so it costs time and no memory. */
  p: number;
}

/** A password as it is stored. */
export interface PasswordHash extends PasswordCost {
  algorithm: "scrypt";
  /** 16 random bytes as base64. */
  salt: string;
  /** 32 bytes as base64. */
  hash: string;
}

const COST: PasswordCost = { n: 2 ** 15, r: 8, p: 3 };
const SALT_BYTES = 16;
const HASH_BYTES = 32;
const MAX_WAITING = 500;
const MAX_ACTIVE = 4;

export class Passwords {
  readonly #cost: PasswordCost;
  readonly #turns: Turns;
  readonly #nobody: PasswordHash;

  /** @param cost of new hashes; tests give a smaller one */
  constructor(cost: PasswordCost = COST) {
    this.#cost = cost;
    this.#turns = new Turns({
      active: Math.min(navigator.hardwareConcurrency, MAX_ACTIVE),
      waiting: MAX_WAITING,
    });
    this.#nobody = {
      algorithm: "scrypt",
      ...cost,
      salt: randomBytes(SALT_BYTES).toBase64(),
      hash: randomBytes(HASH_BYTES).toBase64(),
    };
  }

  /** @throws {AppError} 503 `overloaded` when too many wait */
  async hash(password: string): Promise<PasswordHash> {
    const salt = randomBytes(SALT_BYTES);
    const bytes = await this.#derive(password, salt, this.#cost);
    return {
      algorithm: "scrypt",
      ...this.#cost,
      salt: salt.toBase64(),
      hash: bytes.toBase64(),
    };
  }

  /**
   * Whether a password is the one that was hashed. Where there is none (null: no such account, or one
   * without a password) the same work is done for nothing, so that the time tells nobody which it was.
   * @throws {AppError} 503 `overloaded` when too many wait
   */
  async verify(
    password: string,
    stored: PasswordHash | null,
  ): Promise<boolean> {
    const { salt, hash, ...cost } = stored ?? this.#nobody;
    const bytes = await this.#derive(
      password,
      Uint8Array.fromBase64(salt),
      cost,
    );
    const isEqual = timingSafeEqual(bytes, Uint8Array.fromBase64(hash));
    return isEqual && stored !== null;
  }

  /** Whether a hash was made with other parameters than new ones are. */
  isOutdated({ n, r, p }: PasswordHash): boolean {
    return n !== this.#cost.n || r !== this.#cost.r || p !== this.#cost.p;
  }

  #derive(
    password: string,
    salt: Uint8Array,
    { n, r, p }: PasswordCost,
  ): Promise<Uint8Array> {
    // Keyboards make the same letters of different characters.
    const text = password.normalize("NFKC");
    const options = { N: n, r, p, maxmem: 2 * 128 * n * r };
    return this.#turns.take(() =>
      new Promise((resolve, reject) =>
        scrypt(text, salt, HASH_BYTES, options, (error, bytes) => {
          if (error === null) resolve(new Uint8Array(bytes));
          else reject(error);
        })
      )
    );
  }
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
