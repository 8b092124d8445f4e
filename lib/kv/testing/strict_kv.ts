import {
  MAX_CHECKS,
  MAX_MUTATIONS,
  MAX_TOTAL_BYTES,
  MAX_TOTAL_KEY_BYTES,
  MAX_VALUE_BYTES,
  measureKey,
  measureValue,
} from "../sizes.ts";
import { WrappedAtomic, WrappedKv } from "./wrapped_kv.ts";

/**
 * A store that refuses what the program must never do: write without a check, count with `sum`, or send
 * an atomic beyond the limits. What was tried stands in `violations` too, in case the program swallowed
 * the error; a test looks there at its end.
 */
export class StrictKv extends WrappedKv {
  readonly violations: string[] = [];

  override set(): never {
    return this.#violated("set outside an atomic");
  }

  override delete(): never {
    return this.#violated("delete outside an atomic");
  }

  override enqueue(): never {
    return this.#violated("enqueue outside an atomic");
  }

  override atomic(): Deno.AtomicOperation {
    return new StrictAtomic(
      this.inner.atomic(),
      (what) => this.#violated(what),
    );
  }

  #violated(what: string): never {
    this.violations.push(what);
    throw new StrictKvError(what);
  }
}

/** The program did to the store what it must never do. */
export class StrictKvError extends TypeError {
  override readonly name = "StrictKvError";
}

class StrictAtomic extends WrappedAtomic {
  readonly #violated: (what: string) => never;
  #checks = 0;
  #mutations = 0;
  #keyBytes = 0;
  #bytes = 0;

  constructor(
    inner: Deno.AtomicOperation,
    violated: (what: string) => never,
  ) {
    super(inner);
    this.#violated = violated;
  }

  override check(...checks: Deno.AtomicCheck[]): this {
    this.#checks += checks.length;
    return super.check(...checks);
  }

  override mutate(): never {
    return this.#violated("mutate");
  }

  override sum(): never {
    return this.#violated("sum");
  }

  override min(): never {
    return this.#violated("min");
  }

  override max(): never {
    return this.#violated("max");
  }

  override set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): this {
    if (!hasVersion(value)) {
      this.#violated(`value without a schema version: ${JSON.stringify(key)}`);
    }
    const bytes = measureValue(value);
    if (bytes > MAX_VALUE_BYTES) this.#violated(`value of ${bytes} bytes`);
    this.#count(key, bytes);
    return super.set(key, value, options);
  }

  override delete(key: Deno.KvKey): this {
    this.#count(key, 0);
    return super.delete(key);
  }

  override commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    if (this.#checks === 0) this.#violated("atomic without a check");
    this.#limit("checks", this.#checks, MAX_CHECKS);
    this.#limit("mutations", this.#mutations, MAX_MUTATIONS);
    this.#limit("bytes of keys", this.#keyBytes, MAX_TOTAL_KEY_BYTES);
    this.#limit("bytes", this.#bytes, MAX_TOTAL_BYTES);
    return super.commit();
  }

  #count(key: Deno.KvKey, valueBytes: number): void {
    const keyBytes = measureKey(key);
    this.#mutations += 1;
    this.#keyBytes += keyBytes;
    this.#bytes += keyBytes + valueBytes;
  }

  #limit(what: string, is: number, limit: number): void {
    if (is > limit) this.#violated(`atomic with ${is} ${what}`);
  }
}

function hasVersion(value: unknown): boolean {
  return typeof value === "object" && value !== null && "v" in value &&
    typeof value.v === "number";
}
