/**
 * The program with one of its safeguards removed, by what stands between it and the store. A simulation
 * that does not notice is worth nothing.
 */
import type { LaneHead } from "@/lib/kv/lane_writer.ts";
import { WrappedAtomic, WrappedKv } from "@/lib/kv/testing/wrapped_kv.ts";

/** Where something stands that removes a safeguard. */
export interface Mutant {
  /** In front of the store itself, behind all that goes wrong on the way and all that is asserted. */
  atStore?: (kv: Deno.Kv) => Deno.Kv;
  /** Between a process and its way to the store. */
  atProcess?: (kv: Deno.Kv) => Deno.Kv;
}

/** Decides which checks of an atomic still reach the store. */
type KeepCheck = (
  check: Deno.AtomicCheck,
  all: readonly Deno.AtomicCheck[],
) => boolean;

class UncheckedKv extends WrappedKv {
  readonly #keep: KeepCheck;

  constructor(inner: Deno.Kv, keep: KeepCheck) {
    super(inner);
    this.#keep = keep;
  }

  override atomic(): Deno.AtomicOperation {
    return new UncheckedAtomic(this.inner.atomic(), this.#keep);
  }
}

class UncheckedAtomic extends WrappedAtomic {
  readonly #keep: KeepCheck;
  #checks: Deno.AtomicCheck[] = [];

  constructor(inner: Deno.AtomicOperation, keep: KeepCheck) {
    super(inner);
    this.#keep = keep;
  }

  override check(...checks: Deno.AtomicCheck[]): this {
    this.#checks.push(...checks);
    return this;
  }

  override commit(): Promise<Deno.KvCommitResult | Deno.KvCommitError> {
    const all = this.#checks;
    this.inner.check(...all.filter((check) => this.#keep(check, all)));
    this.#checks = [];
    return super.commit();
  }
}

const isHead = ({ key }: Deno.AtomicCheck) => key[1] === "lane";
const isFence = ({ key }: Deno.AtomicCheck) => key[1] === "fence";
const isRun = ({ key }: Deno.AtomicCheck) => key[1] === "r";
const isJob = ({ key }: Deno.AtomicCheck) => key[1] === "j";

/** Batches of a lane do not check its head. */
export const withoutLaneCheck: Mutant = {
  atStore: (kv) =>
    new UncheckedKv(
      kv,
      (check, all) => !(isHead(check) && all.length === 1),
    ),
};

/** What makes a process an owner does not check that the process still counts. */
export const withoutFenceCheck: Mutant = {
  atStore: (kv) =>
    new UncheckedKv(
      kv,
      (check, all) => !isFence(check) || all.some(isHead),
    ),
};

/** Whoever takes a run over does not check that nobody else has. */
export const withoutClaimCheck: Mutant = {
  atStore: (kv) => new UncheckedKv(kv, (check) => !isRun(check)),
};

/** Whoever claims a job, or takes it over, does not check that nobody else has. */
export const withoutJobCheck: Mutant = {
  atStore: (kv) => new UncheckedKv(kv, (check) => !isJob(check)),
};

/** Unless a batch is answered, it is taken for one that counts. */
export const withoutLaneReadBack: Mutant = {
  atProcess: (kv) => new BlindLaneKv(kv),
};

class BlindLaneKv extends WrappedKv {
  readonly #tokens = new Map<string, string>();

  override atomic(): Deno.AtomicOperation {
    return new BlindLaneAtomic(
      this.inner.atomic(),
      (key, token) => this.#tokens.set(String(key), token),
    );
  }

  /** Only a lane reads a single head. */
  override async get<T = unknown>(
    key: Deno.KvKey,
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<Deno.KvEntryMaybe<T>> {
    const entry = await this.inner.get<T>(key, options);
    const token = this.#tokens.get(String(key));
    return token === undefined || entry.versionstamp === null
      ? entry
      : { ...entry, value: { ...entry.value, token } };
  }
}

class BlindLaneAtomic extends WrappedAtomic {
  readonly #sent: (key: Deno.KvKey, token: string) => void;

  constructor(
    inner: Deno.AtomicOperation,
    sent: (key: Deno.KvKey, token: string) => void,
  ) {
    super(inner);
    this.#sent = sent;
  }

  override set(
    key: Deno.KvKey,
    value: unknown,
    options?: { expireIn?: number },
  ): this {
    if (key[1] === "lane") this.#sent(key, (value as LaneHead).token);
    return super.set(key, value, options);
  }
}

/** A unit outside the lane that is not answered with a yes counts for lost unless nothing has changed. */
export const withoutUnitReadBack: Mutant = {
  atProcess: (kv) => new BlindUnitKv(kv),
};

class BlindUnitKv extends WrappedKv {
  /** Keys of the checks that a unit was sent with: it is read back by the same ones. */
  readonly #checked = new Set<string>();

  override atomic(): Deno.AtomicOperation {
    return new BlindUnitAtomic(
      this.inner.atomic(),
      (keys) => this.#checked.add(keys),
    );
  }

  override async getMany<T extends readonly unknown[]>(
    keys: readonly [...{ [K in keyof T]: Deno.KvKey }],
    options?: { consistency?: Deno.KvConsistencyLevel },
  ): Promise<{ [K in keyof T]: Deno.KvEntryMaybe<T[K]> }> {
    const entries = await this.inner.getMany<T>(keys, options);
    if (!this.#checked.has(JSON.stringify(keys))) return entries;
    return entries.map((entry: Deno.KvEntryMaybe<unknown>) => ({
      ...entry,
      value: { ...entry.value as object, token: "none" },
    })) as typeof entries;
  }
}

class BlindUnitAtomic extends WrappedAtomic {
  readonly #sent: (keys: string) => void;

  constructor(inner: Deno.AtomicOperation, sent: (keys: string) => void) {
    super(inner);
    this.#sent = sent;
  }

  override check(...checks: Deno.AtomicCheck[]): this {
    this.#sent(JSON.stringify(checks.map(({ key }) => key)));
    return super.check(...checks);
  }
}
