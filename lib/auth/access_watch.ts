/**
 * Ends what goes on in the name of a caller (streams, answers) as soon as the key, the session or the
 * membership behind it has ended: at once where this process ended it, else at the next look at the
 * records, which is one bounded read for all that is held.
 */
import type { Clock } from "@/lib/clock.ts";
import type { AppError } from "@/lib/errors.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { AccessChange } from "./access_changes.ts";
import { AccessEnded } from "./access_ended.ts";
import {
  type Ground,
  type GroundKind,
  groundName,
  groundsOf,
  groundsOfRun,
} from "./access_grounds.ts";
import type { AskedBy } from "./asker.ts";
import type { AuthMode, Caller } from "./caller.ts";

/** Gives those of some grounds that hold no more. */
export type GroundCheck<Kind extends GroundKind> = (
  grounds: readonly Extract<Ground, { kind: Kind }>[],
) => Promise<readonly Ground[]>;

/** How each kind is looked up. */
export type GroundChecks = { [Kind in GroundKind]: GroundCheck<Kind> };

/** Ends what is held; gets the refusal that the caller is to see. */
export type EndAccess = (why: AppError) => void;

interface Hold {
  grounds: readonly Ground[];
  isKey: boolean;
  end: EndAccess;
}

interface Held {
  ground: Ground;
  holds: Set<Hold>;
}

/** Between two looks at the records, in milliseconds; an end elsewhere counts within a second. */
const LOOK_EVERY_MS = 400;

/** Grounds that are looked up at a time. */
const GROUNDS_AT_A_TIME = 200;

export class AccessWatch {
  readonly #mode: AuthMode;
  readonly #checks: GroundChecks;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #held = new Map<string, Held>();
  #cancelLook: (() => void) | null = null;
  #isLooking = false;
  #isFailing = false;
  #isStopped = false;

  constructor(
    mode: AuthMode,
    checks: GroundChecks,
    clock: Clock,
    log: Logger,
  ) {
    this.#mode = mode;
    this.#checks = checks;
    this.#clock = clock;
    this.#log = log;
  }

  /** How many keys, sessions and memberships something rests on now. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Calls `end` once, as soon as the caller's key, session or membership ends.
   * @returns takes it back, when what is held is over by itself
   */
  hold(caller: Caller, end: EndAccess): () => void {
    return this.holdOn(groundsOf(caller), end);
  }

  /** As `hold`, for what has outlived the request of its caller. */
  holdOn(grounds: readonly Ground[], end: EndAccess): () => void {
    if (grounds.length === 0 || this.#isStopped) return () => {};
    const isKey = grounds.some(({ kind }) => kind === "key");
    const hold = { grounds, isKey, end };
    for (const ground of grounds) {
      const name = groundName(ground);
      const held = this.#held.get(name);
      if (held === undefined) {
        this.#held.set(name, { ground, holds: new Set([hold]) });
      } else held.holds.add(hold);
    }
    this.#lookLater();
    return () => this.#release(hold);
  }

  /**
   * As `hold`, for a run: it ends with the key that it was asked with, and with the membership of who
   * asked, but goes on when they sign out.
   */
  holdRun(
    space: string,
    askedBy: AskedBy | undefined,
    end: () => void,
  ): () => void {
    return this.holdOn(groundsOfRun(this.#mode, space, askedBy), end);
  }

  /** A key, a session or a membership has ended: ends what rests on it, now. */
  ended(ground: Ground): void {
    const held = this.#held.get(groundName(ground));
    for (const hold of [...held?.holds ?? []]) {
      this.#release(hold);
      try {
        hold.end(new AccessEnded(hold.isKey));
      } catch (error) {
        this.#log.error("What a caller had going on did not end", { error });
      }
    }
  }

  /** What this process has just changed is looked at now; a key that it names has ended. */
  changed({ user, workspace, session, key }: AccessChange): void {
    if (key !== null && workspace !== null) {
      this.ended({ kind: "key", user, workspace, id: key });
      return;
    }
    const grounds = [...this.#held.values()].map(({ ground }) => ground)
      .filter((ground) =>
        ground.user === user &&
        (session === null
          ? true
          : ground.kind === "session" && ground.id === session)
      );
    this.#look(grounds).catch((error) => this.#tellOfFailure(error));
  }

  /** Watches no more; the process goes down. */
  stop(): void {
    this.#isStopped = true;
    this.#cancelLook?.();
    this.#held.clear();
  }

  /** Looks at the records of all that is held. Runs by itself. */
  async look(): Promise<void> {
    await this.#look([...this.#held.values()].map(({ ground }) => ground));
  }

  async #look(grounds: readonly Ground[]): Promise<void> {
    await Promise.all([
      this.#lookAt("key", grounds),
      this.#lookAt("session", grounds),
      this.#lookAt("member", grounds),
    ]);
  }

  #release(hold: Hold): void {
    for (const ground of hold.grounds) {
      const name = groundName(ground);
      const held = this.#held.get(name);
      if (held === undefined || !held.holds.delete(hold)) continue;
      if (held.holds.size === 0) this.#held.delete(name);
    }
    if (this.#held.size > 0) return;
    this.#cancelLook?.();
    this.#cancelLook = null;
  }

  #lookLater(): void {
    if (this.#isLooking || this.#isStopped || this.#cancelLook !== null) return;
    this.#cancelLook = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#cancelLook = null;
      void this.#lookAround();
    });
  }

  async #lookAround(): Promise<void> {
    this.#isLooking = true;
    try {
      await this.look();
      this.#isFailing = false;
    } catch (error) {
      this.#tellOfFailure(error);
    }
    this.#isLooking = false;
    if (this.#held.size > 0) this.#lookLater();
  }

  /** A store that is silent for a moment is no reason to cut anybody off. */
  #tellOfFailure(error: unknown): void {
    if (!this.#isFailing && !this.#isStopped) {
      this.#log.warn("Whether callers may go on is not known", { error });
    }
    this.#isFailing = true;
  }

  async #lookAt<Kind extends GroundKind>(
    kind: Kind,
    all: readonly Ground[],
  ): Promise<void> {
    const grounds = all.filter((
      ground,
    ): ground is Extract<Ground, { kind: Kind }> => ground.kind === kind);
    for (let from = 0; from < grounds.length; from += GROUNDS_AT_A_TIME) {
      const some = grounds.slice(from, from + GROUNDS_AT_A_TIME);
      for (const ended of await this.#checks[kind](some)) this.ended(ended);
    }
  }
}
