/**
 * What goes on at this moment: answers that stream, and how fast. It is told once a second to those who
 * look, and is no event: nothing of it is kept, and nothing of it is missed. Processes that share a store
 * tell one another by rows that live for seconds, and only while somebody looks.
 */
import { sleep } from "@/lib/clock.ts";
import {
  allFences,
  liveNowKey,
  liveNowRows,
  liveNowWanted,
  liveNowWantedKey,
} from "@/lib/kv/keys.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import { list } from "@/lib/kv/reads.ts";
import type { Store, Versioned } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";

/** How often is told, in milliseconds. */
const TELL_MS = 1_000;
/** How often is looked whether other processes share the store, in milliseconds. */
const LOOK_MS = 5_000;
/** How long a row counts, and how long a wish, in milliseconds. */
const FRESH_MS = 4_000;
const WANTED_MS = 12_000;
/** As `estimateTokens` counts. */
const CHARACTERS_PER_TOKEN = 4;

/** An answer that this process executes. */
export interface RunningAnswer {
  run: string;
  workspace: string;
  /** Who asked; null: nobody in particular. */
  user: string | null;
  /** Text that has come so far. */
  characters: number;
}

/** Answers that stream, and tokens of them in a second, about. */
export interface NowFigures {
  active: number;
  tokensPerSecond: number;
}

/** By user; "" is nobody in particular. */
type ByUser = Record<string, [active: number, tokensPerSecond: number]>;

interface NowRecord extends Versioned {
  readonly v: 1;
  readonly at: number;
  readonly users: ByUser;
}

interface WantedRecord extends Versioned {
  readonly v: 1;
  readonly at: number;
}

interface Watcher {
  workspace: string;
  /** Null: everybody's. */
  user: string | null;
  tell: (figures: NowFigures) => void;
  told: string;
}

export interface LiveNowParts {
  store: Store;
  owner: Pick<Owner, "incarnation">;
  running: () => Iterable<RunningAnswer>;
  log: Logger;
}

export class LiveNow {
  readonly #parts: LiveNowParts;
  readonly #watchers = new Set<Watcher>();
  readonly #stopped = new AbortController();
  /** Characters of each answer at the last turn. */
  #seen = new Map<string, number>();
  #seenAtMs = 0;
  #isAlone = true;
  #lookedAtMs = -Infinity;
  #wantedAtMs = -Infinity;
  /** Workspaces of which this process has rows. */
  #written = new Set<string>();

  constructor(parts: LiveNowParts) {
    this.#parts = parts;
  }

  start(): void {
    void this.#run();
  }

  stop(): void {
    this.#stopped.abort();
    this.#watchers.clear();
  }

  /**
   * Tells at once or within a second, and then whenever the figures are others, until the returned
   * function is called.
   * @param user whose answers are meant; null: everybody's in the workspace
   */
  watch(
    workspace: string,
    user: string | null,
    tell: (figures: NowFigures) => void,
  ): () => void {
    const watcher: Watcher = { workspace, user, tell, told: "" };
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  /** What this process alone executes now. */
  activeHere(workspace: string, user: string | null): number {
    return [...this.#parts.running()].filter((each) =>
      each.workspace === workspace && (user === null || each.user === user)
    ).length;
  }

  async #run(): Promise<void> {
    const { store: { clock }, log } = this.#parts;
    const { signal } = this.#stopped;
    while (!signal.aborted) {
      await sleep(clock, TELL_MS, signal);
      if (signal.aborted) return;
      await this.turn(signal).catch((error) => {
        if (!signal.aborted) {
          log.warn("What goes on could not be told", { error });
        }
      });
    }
  }

  /** Counts once, tells the other processes what they want to know, and those who look. */
  async turn(signal: AbortSignal): Promise<void> {
    const own = this.#count();
    const isIdle = this.#watchers.size === 0 && own.size === 0 &&
      this.#written.size === 0;
    if (isIdle) return;
    await this.#lookAround(signal);
    const others = new Map<string, ByUser[]>();
    if (!this.#isAlone) {
      await this.#tellOthers(own, signal);
      await this.#hearOthers(others, signal);
    }
    for (const watcher of this.#watchers) {
      const { workspace, user } = watcher;
      const figures = addUp(
        [own.get(workspace) ?? {}, ...others.get(workspace) ?? []],
        user,
      );
      const text = JSON.stringify(figures);
      if (text === watcher.told) continue;
      watcher.told = text;
      watcher.tell(figures);
    }
  }

  /** What this process executes, by workspace, and how fast since the last turn. */
  #count(): Map<string, ByUser> {
    const nowMs = this.#parts.store.clock.monotonic();
    const seconds = Math.max(0.2, (nowMs - this.#seenAtMs) / 1_000);
    const seen = new Map<string, number>();
    const found = new Map<string, ByUser>();
    for (const { run, workspace, user, characters } of this.#parts.running()) {
      seen.set(run, characters);
      // Of an answer that is new nobody knows when its text came.
      const since = this.#seen.get(run) ?? characters;
      const tokens = Math.max(0, characters - since) / CHARACTERS_PER_TOKEN;
      const users = found.get(workspace) ?? {};
      const [active, speed] = users[user ?? ""] ?? [0, 0];
      users[user ?? ""] = [active + 1, speed + tokens / seconds];
      found.set(workspace, users);
    }
    this.#seen = seen;
    this.#seenAtMs = nowMs;
    return found;
  }

  async #lookAround(signal: AbortSignal): Promise<void> {
    const { store } = this.#parts;
    const nowMs = store.clock.monotonic();
    if (nowMs - this.#lookedAtMs < LOOK_MS) return;
    this.#lookedAtMs = nowMs;
    const alive = await Array.fromAsync(
      list(store, allFences(), { limit: 2, signal }),
    );
    this.#isAlone = alive.length < 2;
  }

  /** Writes what others want to know, and that somebody here wants to know something. */
  async #tellOthers(
    own: ReadonlyMap<string, ByUser>,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, owner: { incarnation } } = this.#parts;
    const at = store.clock.now();
    const sets: {
      key: Deno.KvKey;
      value: NowRecord | WantedRecord;
      expireInMs: number;
    }[] = [];
    const isWanting = this.#watchers.size > 0 &&
      at - this.#wantedAtMs > WANTED_MS / 3;
    if (isWanting) {
      this.#wantedAtMs = at;
      sets.push({
        key: liveNowWantedKey(incarnation.id),
        value: { v: 1, at },
        expireInMs: WANTED_MS,
      });
    }
    const hasNews = own.size + this.#written.size > 0;
    if (hasNews && await this.#isWanted(incarnation.id, at, signal)) {
      for (const workspace of new Set([...own.keys(), ...this.#written])) {
        sets.push({
          key: liveNowKey(workspace, incarnation.id),
          value: { v: 1, at, users: own.get(workspace) ?? {} },
          expireInMs: WANTED_MS,
        });
      }
      this.#written = new Set(own.keys());
    } else {
      this.#written.clear();
    }
    if (sets.length === 0) return;
    await incarnation.lane.write({ sets, urgency: "soon" });
  }

  /** Whether somebody looks at another process. */
  async #isWanted(
    own: string,
    nowMs: number,
    signal: AbortSignal,
  ): Promise<boolean> {
    const rows = list<WantedRecord>(
      this.#parts.store,
      liveNowWanted(),
      { signal },
    );
    for await (const { key, value } of rows) {
      if (key.at(-1) !== own && nowMs - value.at < WANTED_MS) return true;
    }
    return false;
  }

  async #hearOthers(
    others: Map<string, ByUser[]>,
    signal: AbortSignal,
  ): Promise<void> {
    const { store, owner: { incarnation } } = this.#parts;
    const wanted = new Set(
      [...this.#watchers].map(({ workspace }) => workspace),
    );
    const nowMs = store.clock.now();
    await Promise.all([...wanted].map(async (workspace) => {
      const rows = await Array.fromAsync(
        list<NowRecord>(store, liveNowRows(workspace), { signal }),
      );
      others.set(
        workspace,
        rows.filter(({ key, value }) =>
          key.at(-1) !== incarnation.id && nowMs - value.at < FRESH_MS
        ).map(({ value }) => value.users),
      );
    }));
  }
}

function addUp(all: readonly ByUser[], user: string | null): NowFigures {
  let active = 0;
  let speed = 0;
  for (const users of all) {
    for (const [name, [count, tokens]] of Object.entries(users)) {
      if (user !== null && name !== user) continue;
      active += count;
      speed += tokens;
    }
  }
  return { active, tokensPerSecond: Math.round(speed) };
}
