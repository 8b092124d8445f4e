/**
 * Makes notifications of events. A consumer: what it writes is committed with the cursor behind the events,
 * so each event is told once, whichever process reads it and whatever becomes of that.
 */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { BackgroundRunStore } from "./background_run_store.ts";
import type { InboxChange } from "./inbox_store.ts";
import { type Consequences, type Notices, passOn } from "./notices.ts";
import type { Notice } from "./notification_record.ts";
import type { NotificationMails } from "./notification_mails.ts";
import type {
  NotificationSettings,
  NotificationSettingsStore,
} from "./notification_settings_store.ts";
import type { NotificationStore } from "./notification_store.ts";

type Unit = Parameters<Consumer["handle"]>[1];

/** Spaces that one step changes: each takes a check. */
const SPACES_PER_STEP = 7;
/** Lines that one step writes, about: each takes four mutations and half a kilobyte. */
const LINES_PER_STEP = 60;
/** Users who are told of one event by events of their own, at most. */
const MOST_TOLD = 100;

export interface NotificationConsumerParts {
  store: NotificationStore;
  notices: Notices;
  settings: NotificationSettingsStore;
  background: BackgroundRunStore;
  mails: NotificationMails;
}

/** What a step has gathered of one space. */
interface Gathered {
  inbox: InboxChange;
  settings: NotificationSettings;
}

export class NotificationConsumer implements Consumer {
  readonly name = "notifications";
  readonly #parts: NotificationConsumerParts;

  constructor(parts: NotificationConsumerParts) {
    this.#parts = parts;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: Unit,
    signal: AbortSignal,
  ): Promise<number> {
    const spaces = new Map<string, Gathered>();
    const toldRuns = new Set<string>();
    let handled = 0;
    for (const event of events) {
      const follows = await this.#parts.notices.of(event, signal);
      const run = follows.toldRun;
      // Its mark is gone with this step: what comes after it in the step tells nothing more.
      if (run !== null && toldRuns.has(run)) {
        handled += 1;
        continue;
      }
      if (run !== null) toldRuns.add(run);
      const isNew = follows.notices.some(({ space }) => !spaces.has(space));
      if (isNew && spaces.size === SPACES_PER_STEP) break;
      await this.#follow(event, follows, spaces, unit, signal);
      handled += 1;
      const lines = [...spaces.values()]
        .reduce((sum, { inbox }) => sum + inbox.size, 0);
      if (lines + follows.toTell.length >= LINES_PER_STEP) break;
    }
    for (const { inbox } of spaces.values()) await inbox.writeTo(unit, signal);
    return handled;
  }

  /** What nobody was told in time is told to nobody: it may be months old. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }

  committed(): Promise<void> {
    this.#parts.mails.wake();
    return Promise.resolve();
  }

  async #follow(
    event: ConsumedEvent,
    { notices, toTell, toldRun }: Consequences,
    spaces: Map<string, Gathered>,
    unit: Unit,
    signal: AbortSignal,
  ): Promise<void> {
    for (const user of toTell.slice(0, MOST_TOLD)) {
      const told = passOn(event, user);
      unit.event(told.space, told.event);
    }
    if (toldRun !== null) {
      this.#parts.background.forget(unit, event.space, toldRun);
    }
    for (const notice of notices) {
      await this.#tell(notice, spaces, unit, signal);
    }
  }

  async #tell(
    notice: Notice,
    spaces: Map<string, Gathered>,
    unit: Unit,
    signal: AbortSignal,
  ): Promise<void> {
    const { mails } = this.#parts;
    const { inbox, settings } = await this.#gather(
      notice.space,
      spaces,
      signal,
    );
    const { app, browser, mail } = settings.events[notice.event];
    if (!app && !mail) return;
    const isLine = await inbox.add(notice, { app, browser }, signal);
    // What is counted with what was told before is not mailed again.
    if (mail && isLine) await mails.add(unit, notice);
  }

  async #gather(
    space: string,
    spaces: Map<string, Gathered>,
    signal: AbortSignal,
  ): Promise<Gathered> {
    const known = spaces.get(space);
    if (known !== undefined) return known;
    const { store, settings } = this.#parts;
    const [inbox, chosen] = await Promise.all([
      store.begin(space, signal),
      settings.load(space, signal),
    ]);
    const gathered = { inbox, settings: chosen };
    spaces.set(space, gathered);
    return gathered;
  }
}
