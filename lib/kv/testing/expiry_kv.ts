import { WrappedAtomic, WrappedKv } from "./wrapped_kv.ts";

/** A store that notes how long each row was to live when it was written last. */
export class ExpiryKv extends WrappedKv {
  /** Milliseconds by key as JSON; undefined for a row without an end. Deleted rows stay here. */
  readonly expiries = new Map<string, number | undefined>();

  override atomic(): Deno.AtomicOperation {
    return new ExpiryAtomic(this.inner.atomic(), this.expiries);
  }
}

class ExpiryAtomic extends WrappedAtomic {
  readonly #expiries: Map<string, number | undefined>;

  constructor(
    inner: Deno.AtomicOperation,
    expiries: Map<string, number | undefined>,
  ) {
    super(inner);
    this.#expiries = expiries;
  }

  override set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): this {
    this.#expiries.set(JSON.stringify(key), options?.expireIn);
    return super.set(key, value, options);
  }
}
