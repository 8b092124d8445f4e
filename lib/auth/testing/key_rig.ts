/** Keys over a real store, with time in hand. */
import { openTestStore, type TestStore } from "@/lib/kv/testing/test_store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import { type AccessChange, AccessChanges } from "../access_changes.ts";
import { type NewApiKey, newApiKeySchema } from "../api_key_input.ts";
import { ApiKeyLookup } from "../api_key_lookup.ts";
import { ApiKeyStore } from "../api_key_store.ts";
import { ApiKeys } from "../api_keys.ts";
import type { Caller } from "../caller.ts";
import { FIRST_USER, FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";

/** Keys as one process has them. */
export interface KeyProcess {
  keys: ApiKeys;
  lookup: ApiKeyLookup;
  store: ApiKeyStore;
  /** What it has told of. */
  changes: AccessChange[];
  news: AccessChanges;
}

export interface KeyRig extends Disposable {
  test: TestStore;
  /** Another process on the same store. */
  process(): KeyProcess;
}

export async function openKeyRig(): Promise<KeyRig> {
  const test = await openTestStore();
  return {
    test,
    process() {
      const store = new ApiKeyStore(test.store);
      const changes: AccessChange[] = [];
      const news = new AccessChanges();
      news.subscribe((change) => changes.push(change));
      const { clock } = test;
      const log = silentLogger();
      const lookup = new ApiKeyLookup({ store, clock, log });
      const keys = new ApiKeys({ store, lookup, clock, changes: news });
      return { keys, lookup, store, changes, news };
    },
    [Symbol.dispose]() {
      test[Symbol.dispose]();
    },
  };
}

/** Someone who is signed in: a member, unless told. */
export function someone(parts: Partial<Caller> = {}): Caller {
  return {
    mode: "password",
    workspace: FIRST_WORKSPACE,
    user: FIRST_USER,
    role: "member",
    isOperator: false,
    groups: [],
    key: null,
    session: "ses_1",
    address: "192.0.2.1",
    ...parts,
  };
}

/** What is asked of a new key, as a request would ask it. */
export function asked(input: Record<string, unknown> = {}): NewApiKey {
  return newApiKeySchema.parse({ name: "robot", ...input });
}
