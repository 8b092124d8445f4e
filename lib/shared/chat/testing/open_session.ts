/** A session in a browser of straw, over a server whose answers the test writes. */
import { signal } from "@preact/signals";
import { Drafts, type WatchStorage } from "@/lib/shared/chat/drafts.ts";
import { ChatRequests } from "@/lib/shared/chat/requests.ts";
import { ChatSession, type SessionStart } from "@/lib/shared/chat/session.ts";
import type { ThreadRow } from "@/lib/shared/chat/thread_rows.ts";
import type { Message, Thread } from "@/lib/shared/wire.ts";
import { FakePage, FakeServer, FakeStream } from "./fake_server.ts";

export const THREAD: Thread = {
  id: "thr_1",
  title: "New thread",
  titleSource: "auto",
  model: "m",
  projectId: null,
  tags: [],
  pinned: false,
  archived: false,
  temporary: false,
  activeRunId: null,
  headMessageId: null,
  unread: false,
  createdAt: "2026-11-21T12:00:00Z",
  updatedAt: "2026-11-21T12:00:00Z",
  version: 1,
};

export const message = (
  id: string,
  role: "user" | "assistant",
  more: Partial<Message> = {},
): Message => ({
  id,
  threadId: "thr_1",
  parentId: null,
  role,
  content: `text of ${id}`,
  status: "complete",
  runId: role === "assistant" ? "run_1" : null,
  model: null,
  usage: null,
  error: null,
  siblings: [id],
  createdAt: "2026-11-21T12:00:00Z",
  ...more,
});

/** A storage that forgets everything in the end. */
export class MemoryStorage {
  readonly entries = new Map<string, string>();
  getItem = (key: string) => this.entries.get(key) ?? null;
  setItem = (key: string, value: string) => void this.entries.set(key, value);
  removeItem = (key: string) => void this.entries.delete(key);
}

/** A session that has not begun to work in the browser yet. */
export function openSession(
  start: Partial<SessionStart> = {},
  storage = new MemoryStorage(),
  own = new MemoryStorage(),
) {
  const server = new FakeServer();
  const rows = signal<ThreadRow[]>([]);
  const addresses: string[] = [];
  const session = new ChatSession({
    thread: null,
    messages: [],
    model: "m",
    lastEventId: null,
    rows,
    ...start,
  });
  const watchers = new Set<Parameters<WatchStorage>[0]>();
  const drafts = new Drafts(storage, (onChange) => {
    watchers.add(onChange);
    return () => watchers.delete(onChange);
  }, own);
  /** What another page writes into the storage; null when it takes the entry away. */
  const writeElsewhere = (key: string, value: string | null) => {
    const before = storage.getItem(key);
    if (value === null) storage.removeItem(key);
    else storage.setItem(key, value);
    watchers.forEach((onChange) => onChange(key, value, before));
  };
  const page = new FakePage();
  const begin = () =>
    session.start({
      requests: new ChatRequests(server.fetch),
      fetch: server.fetch,
      page,
      drafts,
      now: () => 1_000,
      onFrame: (callback) => callback(),
      showAddress: (id) => addresses.push(id),
    });
  return {
    session,
    server,
    rows,
    addresses,
    storage,
    own,
    begin,
    page,
    writeElsewhere,
  };
}

export const RUNS = "POST /api/threads/thr_1/runs";
export const answering = (stream: FakeStream) => () => stream.response;
export const runStream = (runId = "run_1") =>
  new FakeStream({ location: `/api/runs/${runId}` });

/** Writes a question and sends it. */
export function write(session: ChatSession, text: string): void {
  session.box.write(text);
  session.send();
}
