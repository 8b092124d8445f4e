/** One connection's place in the events, and the channels on which it hears of them. */
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import { type Channel, MAX_CHANNELS } from "./live_channels.ts";
import type { HistorySources, LiveHistory } from "./live_history.ts";
import {
  eventFrame,
  frameOf,
  type LiveFrame,
  type LiveItem,
} from "./live_item.ts";
import type { LiveNow, NowFigures } from "./live_now.ts";
import type { LiveInterest, LiveLog } from "./live_log.ts";
import {
  firstPlace,
  formatPlace,
  isBehind,
  type LivePlace,
  parsePlace,
} from "./live_place.ts";

export interface LiveListenerParts {
  history: LiveHistory;
  memory: LiveLog;
  /** What goes on at this moment; null: nobody is told of that. */
  now: Pick<LiveNow, "watch"> | null;
  generation: string;
  /** Space of who listens. */
  space: string;
  /** Aborts when the connection ends. */
  signal: AbortSignal;
  /** Called when it is closed, perhaps more than once. */
  onClose?: (listener: LiveListener) => void;
}

/** A channel and from where on it is listened to. */
interface Heard {
  channel: Channel;
  /** What lies before is not told on it; null: everything is. */
  since: LivePlace | null;
}

/** Frames that are handed out at a time, so that who hands them on can look how fast they are taken. */
const FRAMES_AT_A_TIME = 64;

/** Of what goes on now: told to those who listen and never stored, so it is no event of the log. */
const MOMENT_TYPE = "usage.now";

export class LiveListener {
  readonly #parts: LiveListenerParts;
  readonly #heard = new Map<string, Heard>();
  readonly #interests: LiveInterest[] = [];
  /** Up to where everything has been handed out, but for what is in `#ready`. */
  #place: LivePlace;
  #ready: LiveFrame[] = [];
  #isLive = false;
  /** Memory has all that is heard behind this place, but for what it has dropped. */
  #covered: LivePlace;
  /** By channel: what takes the wish back to hear of this moment. */
  readonly #momentary = new Map<string, () => void>();
  /** By channel: the newest of this moment that has not been handed out. */
  readonly #moments = new Map<string, NowFigures>();
  /** Set while there is nothing to hand out. */
  #woken: (() => void) | null = null;

  private constructor(parts: LiveListenerParts) {
    this.#parts = parts;
    this.#place = parts.memory.head;
    this.#covered = firstPlace(parts.generation);
  }

  /**
   * Begins to listen behind a cursor (null: from now on). The first frames say where.
   * @throws what the store throws
   */
  static async open(
    parts: LiveListenerParts,
    channels: readonly Channel[],
    cursor: string | null,
  ): Promise<LiveListener> {
    const listener = new LiveListener(parts);
    try {
      await listener.#open(channels, cursor);
    } catch (error) {
      listener.close();
      throw error;
    }
    return listener;
  }

  /** Names of the channels. */
  get channels(): string[] {
    return [...this.#heard.keys()];
  }

  /** Whether it takes an admin to listen to one of the channels. */
  get isForAdmins(): boolean {
    return [...this.#heard.values()].some(({ channel }) => channel.isForAdmins);
  }

  /** Whether there is nothing to hand out at this moment. */
  get isIdle(): boolean {
    return this.#woken !== null;
  }

  /** Whether memory has dropped what is still to be handed out: this listener is too slow. */
  get isLeftBehind(): boolean {
    return this.#isLive && !this.isIdle &&
      this.#parts.memory.hasDropped(this.#place);
  }

  /** Everything up to here has been handed out. Ask while it is idle. */
  get cursor(): string {
    const { memory, space } = this.#parts;
    return formatPlace(this.isIdle ? memory.head : this.#place, space);
  }

  /**
   * Listens to more channels, from now on; those that are heard already stay as they are.
   * @throws what the store throws
   */
  async subscribe(channels: readonly Channel[]): Promise<void> {
    const fresh = channels.filter(({ name }) => !this.#heard.has(name));
    for (const channel of fresh) {
      const covered = await this.#want(channel);
      // The place that is further: of what this connection has heard, and of what memory began with.
      const told = this.isIdle ? this.#parts.memory.head : this.#place;
      const since = isBehind(covered, told) ? covered : told;
      this.#heard.set(channel.name, { channel, since });
    }
  }

  /** How many more channels it could listen to. */
  get room(): number {
    return MAX_CHANNELS - this.#heard.size;
  }

  unsubscribe(names: readonly string[]): void {
    for (const name of names) {
      this.#heard.delete(name);
      this.#momentary.get(name)?.();
      this.#momentary.delete(name);
      this.#moments.delete(name);
    }
  }

  /**
   * The next messages, as soon as there are some. Null: the connection has ended, or it is too slow: what
   * it has not taken is in memory no more. The one that follows it reads that from the store.
   * @throws what the store throws
   */
  async next(): Promise<LiveFrame[] | null> {
    const { memory, signal } = this.#parts;
    while (!signal.aborted) {
      if (this.#ready.length > 0) {
        return this.#ready.splice(0, FRAMES_AT_A_TIME);
      }
      if (this.#moments.size > 0) return this.#takeMoments();
      if (this.isLeftBehind) return null;
      const items = isBehind(this.#covered, this.#place)
        ? null
        : memory.itemsBehind(this.#place);
      if (items === null) {
        this.#isLive = false;
        await this.#readOn();
        continue;
      }
      this.#isLive = true;
      const { head } = memory;
      if (isBehind(head, this.#place)) this.#place = head;
      this.#ready = this.#toFrames(items);
      if (this.#ready.length > 0) continue;
      await this.#wait();
      // Who has waited is not slow, however much came at once.
      if (memory.hasDropped(this.#place)) this.#isLive = false;
    }
    return null;
  }

  /** Stops listening. */
  close(): void {
    for (const interest of this.#interests.splice(0)) {
      this.#parts.memory.remove(interest);
    }
    for (const end of this.#momentary.values()) end();
    this.#momentary.clear();
    this.#woken?.();
    this.#parts.onClose?.(this);
  }

  /** What goes on now on the channels that tell of it; a connection that follows begins where this one is. */
  #takeMoments(): LiveFrame[] {
    const id = formatPlace(this.#place, this.#parts.space);
    const at = new Date().toISOString();
    const frames = [...this.#moments].map(([channel, data]) =>
      frameOf({ id, type: MOMENT_TYPE, channel, at, data: { ...data } })
    );
    this.#moments.clear();
    return frames;
  }

  async #open(
    channels: readonly Channel[],
    cursor: string | null,
  ): Promise<void> {
    const { memory, space } = this.#parts;
    for (const channel of channels) {
      await this.#want(channel);
      this.#heard.set(channel.name, { channel, since: null });
    }
    const wanted = cursor === null ? null : parsePlace(cursor, space);
    if (wanted !== null && await this.#canGoOn(wanted)) {
      this.#place = wanted;
      this.#say({ type: "hello", cursor: formatPlace(wanted, space) });
      return;
    }
    this.#place = memory.head;
    const to = formatPlace(memory.head, space);
    this.#say({ type: "hello", cursor: to });
    if (cursor !== null) this.#tellLost(cursor, to);
  }

  async #canGoOn(place: LivePlace): Promise<boolean> {
    const { memory, history, generation, signal } = this.#parts;
    if (place.generation !== generation) return false;
    if (await history.isTrimmed(this.#sources, place, signal)) return false;
    // Another process may have told of what this one has not read yet.
    if (isBehind(place, memory.head)) await memory.catchUp(signal);
    return !isBehind(place, memory.head);
  }

  /** Hears of a channel's source. @returns the place from which on memory has it */
  async #want({ name: channel, source, now }: Channel): Promise<LivePlace> {
    const { memory, space } = this.#parts;
    if (now !== null && this.#parts.now !== null) {
      const user = now === "own" ? userOf(space) : null;
      const end = this.#parts.now.watch(workspaceOf(space), user, (figures) => {
        this.#moments.set(channel, figures);
        this.#woken?.();
      });
      this.#momentary.set(channel, end);
    }
    const kind = source === "everyone" ? "workspace" : "space";
    const name = source === "own" ? space : workspaceOf(space);
    const isWanted = this.#interests.some((each) =>
      each.kind === kind && each.name === name
    );
    if (isWanted) return memory.head;
    const wake = (before: LivePlace) => this.#wake(before);
    const interest = { kind, name, wake } as const;
    this.#interests.push(interest);
    const covered = await memory.add(interest);
    // It may have ended meanwhile.
    if (!this.#interests.includes(interest)) memory.remove(interest);
    if (isBehind(covered, this.#covered)) this.#covered = covered;
    return covered;
  }

  get #sources(): HistorySources {
    const spaces: string[] = [];
    let workspace: string | null = null;
    for (const { kind, name } of this.#interests) {
      if (kind === "space") spaces.push(name);
      else workspace = name;
    }
    return { spaces, workspace };
  }

  /** Takes the next events out of the store, up to what memory has. */
  async #readOn(): Promise<void> {
    const { history, memory, signal, space } = this.#parts;
    const { head } = memory;
    const from = this.#place;
    if (await history.isTrimmed(this.#sources, from, signal)) {
      this.#place = head;
      this.#tellLost(formatPlace(from, space), formatPlace(head, space));
      return;
    }
    const { items, end } = await history.read(
      this.#sources,
      from,
      head,
      signal,
    );
    this.#place = end;
    // What is replayed says nothing of how soon events are told.
    this.#ready = this.#toFrames(items).map((frame) => ({
      ...frame,
      atMs: null,
    }));
  }

  #toFrames(items: readonly LiveItem[]): LiveFrame[] {
    const { space } = this.#parts;
    return items.flatMap((item) => {
      const names: string[] = [];
      for (const { channel, since } of this.#heard.values()) {
        const isTold = isOf(channel, item.space, space) &&
          channel.carries(item.event) &&
          (since === null || isBehind(item.place, since));
        if (isTold) names.push(channel.name);
      }
      return names.length === 0 ? [] : [eventFrame(item, names, space)];
    });
  }

  #say(message: Parameters<typeof frameOf>[0]): void {
    this.#ready.push(frameOf(message));
  }

  #tellLost(from: string, to: string): void {
    this.#say({ type: "events.lost", id: to, data: { from, to } });
  }

  #wait(): Promise<void> {
    const { signal } = this.#parts;
    return new Promise((resolve) => {
      const end = () => {
        signal.removeEventListener("abort", end);
        this.#woken = null;
        resolve();
      };
      this.#woken = end;
      signal.addEventListener("abort", end);
      if (signal.aborted) end();
    });
  }

  #wake(before: LivePlace): void {
    if (this.#woken === null) return;
    // While it waited there was nothing for it.
    if (isBehind(before, this.#place)) this.#place = before;
    this.#woken();
  }
}

/** Whether a channel hears of a space. */
function isOf({ source }: Channel, space: string, own: string): boolean {
  if (source === "own") return space === own;
  return source === "everyone" || space === workspaceOf(own);
}
