/** What pages show, loaded: independent reads go out together. */
import { askerFrom } from "@/lib/auth/asker.ts";
import { UNARCHIVED } from "@/lib/chat/thread_input.ts";
import type { LocalOffer, Setup } from "@/lib/shared/chat/setup.ts";
import {
  LISTED_THREADS,
  type ThreadRow,
  toThreadRow,
} from "@/lib/shared/chat/thread_rows.ts";
import { type Clock, readClock } from "@/lib/shared/clock.ts";
import type { Model } from "@/lib/shared/wire.ts";
import type { Viewer } from "@/lib/shared/viewer.ts";
import type { State } from "@/utils.ts";
import { loadViewer } from "./viewer.ts";

/** Pinned threads in the navigation, at most. */
const MAX_PINNED = 200;

const DEMO_PROVIDER = "freshet";

/** What the navigation of every page shows. */
export interface Navigation {
  rows: ThreadRow[];
  clock: Clock;
  viewer: Viewer;
}

export async function loadNavigation(state: State): Promise<Navigation> {
  const { services: { threads }, space } = state;
  const [pinned, newest, viewer] = await Promise.all([
    threads.list(space, { limit: MAX_PINNED, cursor: null }, {
      ...UNARCHIVED,
      pinned: true,
    }),
    threads.list(space, { limit: LISTED_THREADS, cursor: null }),
    loadViewer(state),
  ]);
  const rows = new Map(
    [...newest.items, ...pinned.items].map((thread) => [
      thread.id,
      toThreadRow(thread),
    ]),
  );
  return { rows: [...rows.values()], clock: readClock(), viewer };
}

/** What the composer offers, and what a new thread says about it. */
export interface ChatSetup {
  models: Model[];
  defaultModel: string | null;
  setup: Setup;
}

export async function loadChatSetup(
  state: State,
  signal: AbortSignal,
): Promise<ChatSetup> {
  const { models: list, defaultModel: chosen } = await state.services
    .modelAccess.choices(askerFrom(state.caller), signal);
  const models = list.map(({ id, label, provider }) => ({
    id,
    label,
    provider,
  }));
  if (chosen === null) {
    return { models, defaultModel: null, setup: { kind: "silent" } };
  }
  const model = models.find(({ id }) => id === chosen);
  const setup: Setup = model?.provider === DEMO_PROVIDER
    ? {
      kind: "demo",
      offers: state.caller.isOperator ? await loadOffers(state, signal) : null,
    }
    : { kind: "ready", model: model?.label ?? chosen };
  return { models, defaultModel: chosen, setup };
}

async function loadOffers(
  { services }: State,
  signal: AbortSignal,
): Promise<LocalOffer[]> {
  const found = await services.localProviders.offers(signal);
  return found.map(({ id, label, models }) => ({
    id,
    label,
    modelCount: models.length,
  }));
}
