import { openStore } from "../open.ts";
import type { Store } from "../store.ts";
import { FaultKv } from "./fault_kv.ts";
import { ManualClock } from "./manual_clock.ts";
import { StrictKv } from "./strict_kv.ts";

/** A real store that misbehaves on demand, watched for what must never be done, with time in hand. */
export interface TestStore extends Disposable {
  store: Store;
  /** The same store without faults, as another process sees it. */
  calm: Store;
  faults: FaultKv;
  strict: StrictKv;
  clock: ManualClock;
  /** Waits for a promise while time goes on by itself whenever the store is idle. */
  drive<T>(promise: Promise<T>): Promise<T>;
}

export interface TestStoreOptions {
  /** As for `openStore`; memory unless told. */
  location?: string;
  /** Schema that the store begins with; the program's unless told. */
  schemaVersion?: number;
}

/** Opens a store for a test. Disposing it closes the store and fails if a rule of writing was broken. */
export async function openTestStore(
  { location = ":memory:", schemaVersion }: TestStoreOptions = {},
): Promise<TestStore> {
  const clock = new ManualClock();
  let strict!: StrictKv;
  let faults!: FaultKv;
  const work = { busy: 0 };
  const store = await openStore({
    location,
    clock,
    ...(schemaVersion === undefined
      ? {}
      : { schema: { version: schemaVersion, migrations: [] } }),
    wrap(kv) {
      strict = new StrictKv(kv);
      faults = new FaultKv(strict, work);
      return faults;
    },
  });
  return {
    store,
    calm: { ...store, kv: new FaultKv(strict, work) },
    faults,
    strict,
    clock,
    drive: (promise) => faults.drive(clock, promise),
    [Symbol.dispose]() {
      store.close();
      if (strict.violations.length > 0) {
        throw new Error(`Rules were broken: ${strict.violations.join("; ")}`);
      }
    },
  };
}
