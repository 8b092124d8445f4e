/**
 * Every key of the store; no other file spells one. Keys of a tenant begin with its space, so a
 * query is scoped by being built here; `"sys"` is the operator's space. Numbers in keys are JavaScript
 * numbers, which the store orders by value.
 */

/** Space of a tenant key. @throws {TypeError} for one that would fall into another space */
function tenant(space: string): string {
  if (space === "" || space === "sys") {
    throw new TypeError(`Space "${space}" cannot own keys`);
  }
  return space;
}

/** `{v, start, host, build}`: constant while an incarnation counts; deleted when it is fenced. */
export function fenceKey(incarnation: string): Deno.KvKey {
  return ["sys", "fence", incarnation];
}

/** The fence keys of all incarnations that count. */
export function allFences(): Deno.KvListSelector {
  return { prefix: ["sys", "fence"] };
}

/** Incarnation out of a key that `fenceKey` built. */
export function parseFenceKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** `{v, n, token, at, state}`: the head that every batch of a lane checks and overwrites. */
export function laneKey(incarnation: string, lane: number): Deno.KvKey {
  return ["sys", "lane", incarnation, lane];
}

/** The heads of an incarnation's lanes. */
export function lanesOf(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "lane", incarnation] };
}

/** What an incarnation owns: `r` a run, `j` a job. */
export type OwnedKind = "r" | "j";

/** `{v, ws}`: an incarnation owns a run or a job; found by whoever fences it. */
export function ownKey(
  incarnation: string,
  kind: OwnedKind,
  id: string,
): Deno.KvKey {
  return ["sys", "own", incarnation, kind, id];
}

/** Everything that an incarnation owns. */
export function ownedBy(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "own", incarnation] };
}

/** Ownership rows of all incarnations that sort after the given one. */
export function ownedAfter(incarnation: string | null): Deno.KvListSelector {
  const prefix = ["sys", "own"];
  if (incarnation === null) return { prefix };
  // No incarnation's id holds a zero byte, so this is the first place behind all rows of the one given.
  return { prefix, start: [...prefix, `${incarnation}\0`] };
}

/** Log pages of all incarnations that sort after the given one. */
export function logPagesAfter(
  incarnation: string | null,
): Deno.KvListSelector {
  const prefix = ["sys", "wal"];
  if (incarnation === null) return { prefix };
  return { prefix, start: [...prefix, `${incarnation}\0`] };
}

/** Incarnation out of a key that `logPageKey` built. */
export function parseLogPageKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** Incarnation, kind and id out of a key that `ownKey` built. */
export function parseOwnKey(
  key: Deno.KvKey,
): { incarnation: string; kind: OwnedKind; id: string } {
  return {
    incarnation: String(key[2]),
    kind: key[3] === "j" ? "j" : "r",
    id: String(key[4]),
  };
}

/** `{v, gen}`: the generation of the store, changed by restore and import. */
export function generationKey(): Deno.KvKey {
  return ["sys", "gen"];
}

/** `{v, version}`: which schema the store's records have. */
export function schemaKey(): Deno.KvKey {
  return ["sys", "schema"];
}

/** `{v, holder, to, cursor, token}`: lease and progress of the migrator. */
export function migrationKey(): Deno.KvKey {
  return ["sys", "migration"];
}

/** A run's record. */
export function runKey(space: string, run: string): Deno.KvKey {
  return [tenant(space), "r", run];
}

/** `{v, stop, by, at}`: control of a run, which anyone may set under a check of its versionstamp. */
export function runControlKey(space: string, run: string): Deno.KvKey {
  return [tenant(space), "rc", run];
}

/** `{v, text}`: what a run without a thread was asked, for as long as another process may begin it again. */
export function runPromptKey(space: string, run: string): Deno.KvKey {
  return [tenant(space), "rp", run];
}

/** `{v, text, expiresAt}`: what was asked for the Response that shows a run. */
export function responseKey(space: string, run: string): Deno.KvKey {
  return [tenant(space), "rs", run];
}

/** `{v, runId}`: the newest run of a chat that an AI SDK client keeps under an id of its own. */
export function chatRunKey(space: string, chat: string): Deno.KvKey {
  return [tenant(space), "cr", chat];
}

/** A segment of a run's events that ends with `lastSeq`; sequence numbers begin at 0 in each epoch. */
export function runLogKey(
  space: string,
  run: string,
  epoch: number,
  lastSeq: number,
): Deno.KvKey {
  return [tenant(space), "rl", run, epoch, lastSeq];
}

/** All segments of a run, oldest epoch first. */
export function runLog(space: string, run: string): Deno.KvListSelector {
  return { prefix: [tenant(space), "rl", run] };
}

/** The segments of one epoch that hold events after `afterSeq` (-1: all of them). */
export function runLogAfter(
  space: string,
  run: string,
  epoch: number,
  afterSeq: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "rl", run, epoch];
  return { prefix, start: [...prefix, afterSeq + 1] };
}

/** Epoch and last sequence number out of a key that `runLogKey` built. */
export function parseRunLogKey(
  key: Deno.KvKey,
): { epoch: number; lastSeq: number } {
  return { epoch: Number(key[3]), lastSeq: Number(key[4]) };
}

/** A thread as its owner edits it. */
export function threadKey(space: string, thread: string): Deno.KvKey {
  return [tenant(space), "t", thread];
}

/** Every thread record of a space, by id (which is by time of creation). */
export function threads(space: string): Deno.KvListSelector {
  return { prefix: [tenant(space), "t"] };
}

/** What the server writes about a thread: never the user-edited record, so neither undoes the other. */
export function threadActivityKey(
  space: string,
  thread: string,
): Deno.KvKey {
  return [tenant(space), "ta", thread];
}

/**
 * An entry of the list of threads by recency. Whoever changes a thread's `updatedAt` deletes the entry
 * of the old time and sets that of the new one in the same atomic, under a check of the activity record
 * (or in the lane, when the lane alone writes it), so a thread has exactly one entry.
 */
export function threadListKey(
  space: string,
  updatedAtMs: number,
  thread: string,
): Deno.KvKey {
  return [tenant(space), "ti", updatedAtMs, thread];
}

/** Place in the list of threads; the last entry of a page is the cursor of the next. */
export interface ThreadListPlace {
  updatedAtMs: number;
  thread: string;
}

/**
 * A page of the list of threads. Newest first: list it with `reverse: true` and a `limit`, and give the
 * place of the page's last entry as `before` for the page that follows (ends are exclusive).
 */
export function threadList(
  space: string,
  before: ThreadListPlace | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ti"];
  if (before === null) return { prefix };
  return { prefix, end: [...prefix, before.updatedAtMs, before.thread] };
}

/** The place out of a key that `threadListKey` built. */
export function parseThreadListKey(key: Deno.KvKey): ThreadListPlace {
  return { updatedAtMs: Number(key[2]), thread: String(key[3]) };
}

/** A message of a thread, with its text or the manifest of it. */
export function messageKey(
  space: string,
  thread: string,
  message: string,
): Deno.KvKey {
  return [tenant(space), "m", thread, message];
}

/** All messages of a thread, by id (which is by time of creation). */
export function messages(
  space: string,
  thread: string,
): Deno.KvListSelector {
  return { prefix: [tenant(space), "m", thread] };
}

/** `{v, owner, bytes}`: an immutable part of a blob; parts count from 0. */
export function blobPartKey(blob: string, part: number): Deno.KvKey {
  return ["sys", "bl", blob, part];
}

/** `{v, owner, parts}`: a blob whose manifest is not stored yet. */
export function openBlobKey(blob: string): Deno.KvKey {
  return ["sys", "bo", blob];
}

/** Blobs without a manifest, oldest first. */
export function openBlobs(): Deno.KvListSelector {
  return { prefix: ["sys", "bo"] };
}

/** Blob out of a key that `openBlobKey` built. */
export function parseOpenBlobKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** All parts of a blob, in order. */
export function blobParts(blob: string): Deno.KvListSelector {
  return { prefix: ["sys", "bl", blob] };
}

/**
 * What a request with an idempotency key has led to. The scope names the kind of request; a key that a
 * caller chose freely is to be hashed first, since keys are at most 2,048 bytes.
 */
export function idempotencyKey(
  space: string,
  scope: string,
  key: string,
): Deno.KvKey {
  return [tenant(space), "ik", scope, key];
}

/** `{v, id, baseUrl}`: a provider that an earlier version has added; new ones are in the catalog. */
export function providerKey(provider: string): Deno.KvKey {
  return ["sys", "pv", provider];
}

export function providers(): Deno.KvListSelector {
  return { prefix: ["sys", "pv"] };
}

/** `{v, providers, routes, states, token}`: providers and routes that were added, and which are switched off. */
export function catalogKey(): Deno.KvKey {
  return ["sys", "pvc"];
}

/** `{v, version, defaultModel, models, token}`: which models the people of a workspace may use. */
export function modelAccessKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "mac"];
}

/** `{v}`: what is left of an ended run is to be looked at from then on. */
export function runRetentionKey(
  dueAtMs: number,
  space: string,
  run: string,
): Deno.KvKey {
  return ["sys", "rx", dueAtMs, tenant(space), run];
}

/** The runs to look at before a time, longest due first. */
export function runRetentions(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "rx"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** What a key says that `runRetentionKey` built. */
export function parseRunRetentionKey(
  key: Deno.KvKey,
): { space: string; run: string } {
  return { space: String(key[3]), run: String(key[4]) };
}

/** Incarnation and number out of a key that `laneKey` built. */
export function parseLaneKey(
  key: Deno.KvKey,
): { incarnation: string; lane: number } {
  return { incarnation: String(key[2]), lane: Number(key[3]) };
}

/**
 * `{v, chunks}`: page `page` of the events that batch `n` of a lane made durable, until each run's own
 * segments hold them.
 */
export function logPageKey(
  incarnation: string,
  lane: number,
  n: number,
  page: number,
): Deno.KvKey {
  return ["sys", "wal", incarnation, lane, n, page];
}

/** All pages that an incarnation has left, oldest batch first. */
export function logPages(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "wal", incarnation] };
}

/** `{v, token}`: changes whenever a row is put into an incarnation's inbox. */
export function inboxBellKey(incarnation: string): Deno.KvKey {
  return ["sys", "in", incarnation];
}

/** `{v, kind, ws, id, at}`: what another process asks of an incarnation. */
export function inboxKey(incarnation: string, row: string): Deno.KvKey {
  return ["sys", "inq", incarnation, row];
}

/** Everything that is asked of an incarnation. */
export function inboxRows(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "inq", incarnation] };
}

/**
 * `{v, gen, ev}`: the events of one atomic. `stamp` is what the store calls the versionstamp of the
 * commit, or a known versionstamp.
 */
export function eventsKey(
  space: string,
  stamp: symbol | string,
): Deno.KvKey {
  // The platform's type of a key part has `symbol` for exactly this placeholder.
  return [tenant(space), "e", stamp] as Deno.KvKey;
}

/** Envelopes of a space after a versionstamp (null: all), oldest first. */
export function eventsAfter(
  space: string,
  versionstamp: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "e"];
  if (versionstamp === null) return { prefix };
  return { prefix, start: [...prefix, `${versionstamp}\0`] };
}

/** Envelopes of a space from a versionstamp on, oldest first. */
export function eventsFrom(
  space: string,
  versionstamp: string,
): Deno.KvListSelector {
  const prefix = [tenant(space), "e"];
  return { prefix, start: [...prefix, versionstamp] };
}

/** Envelopes of a space up to a versionstamp, itself included (null: all). */
export function eventsBefore(
  space: string,
  versionstamp: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "e"];
  if (versionstamp === null) return { prefix };
  return { prefix, end: [...prefix, `${versionstamp}\0`] };
}

/** Notices from a versionstamp on, oldest first. */
export function eventsNoticesFrom(versionstamp: string): Deno.KvListSelector {
  const prefix = ["sys", "e"];
  return { prefix, start: [...prefix, versionstamp] };
}

/** `{v, ws}`: which spaces have events in one atomic. */
export function eventsNoticeKey(stamp: symbol | string): Deno.KvKey {
  return ["sys", "e", stamp] as Deno.KvKey;
}

/** Notices after a versionstamp (null: all), oldest first. */
export function eventsNoticesAfter(
  versionstamp: string | null,
): Deno.KvListSelector {
  const prefix = ["sys", "e"];
  if (versionstamp === null) return { prefix };
  return { prefix, start: [...prefix, `${versionstamp}\0`] };
}

/** Versionstamp out of a key that `eventsKey` or `eventsNoticeKey` built. */
export function parseEventsKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** `{v, gen, vs, token}`: how far a consumer of events has come. */
export function cursorKey(consumer: string): Deno.KvKey {
  return ["sys", "cur", consumer];
}

/** `{v, ws, n}`: which spaces in a workspace have events in one atomic, and how many. */
export function workspaceEventsKey(
  workspace: string,
  stamp: symbol | string,
): Deno.KvKey {
  return [tenant(workspace), "en", stamp] as Deno.KvKey;
}

/** The atomics with events of a workspace up to a versionstamp, itself included (null: all). */
export function workspaceEventsBefore(
  workspace: string,
  versionstamp: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "en"];
  if (versionstamp === null) return { prefix };
  return { prefix, end: [...prefix, `${versionstamp}\0`] };
}

/** The atomics with events of a workspace from a versionstamp on, oldest first. */
export function workspaceEventsFrom(
  workspace: string,
  versionstamp: string,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "en"];
  return { prefix, start: [...prefix, versionstamp] };
}

/** `{v, vs}`: what `workspaceEventsKey` built may have been deleted up to this versionstamp. */
export function workspaceEventsTrimKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "ent"];
}

/** `{v, vs}`: the events of a space up to this versionstamp may have been deleted. */
export function eventsTrimKey(space: string): Deno.KvKey {
  return [tenant(space), "et"];
}

/** `{v, vs}`: the notices up to this versionstamp may have been deleted. */
export function eventsNoticeTrimKey(): Deno.KvKey {
  return ["sys", "et"];
}

/** Something of each space whose id sorts after the given one (null: of all). */
export function spacesAfter(space: string | null): Deno.KvListSelector {
  const start = space === null ? "wsp_" : `${space}\0`;
  // The character after "_".
  return { start: [start], end: ["wsp`"] };
}

/** Space out of any key of a tenant. */
export function parseSpace(key: Deno.KvKey): string {
  return String(key[0]);
}

/** The thread records of a space that sort after the given id (null: all). */
export function threadsAfter(
  space: string,
  thread: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "t"];
  return thread === null
    ? { prefix }
    : { prefix, start: [...prefix, `${thread}\0`] };
}

/** `{v, segments, token}`: which segments the search index of a space has. */
export function searchIndexKey(space: string): Deno.KvKey {
  return [tenant(space), "sx"];
}

/** `{v, bytes}`: an immutable part of a segment of the search index; parts count from 0. */
export function searchSegmentKey(
  space: string,
  segment: string,
  part: number,
): Deno.KvKey {
  return [tenant(space), "sg", segment, part];
}

/**
 * Parts of segments of the search index: of those whose ids sort after the given one (null: of all), or
 * with `itself` also of that one.
 */
export function searchSegments(
  space: string,
  after: string | null,
  itself = false,
): Deno.KvListSelector {
  const prefix = [tenant(space), "sg"];
  if (after === null) return { prefix };
  return { prefix, start: [...prefix, itself ? after : `${after}\0`] };
}

/** Segment and number out of a key that `searchSegmentKey` built. */
export function parseSearchSegmentKey(
  key: Deno.KvKey,
): { segment: string; part: number } {
  return { segment: String(key[2]), part: Number(key[3]) };
}

/** `{v, token}`: overwritten by whoever deletes segments of the search index that are not in use. */
export function searchSweepKey(space: string): Deno.KvKey {
  return [tenant(space), "sw"];
}

/** `{v, rows}`: page `page` of the ledger rows of a space in batch `n` of an incarnation's lane. */
export function ledgerPageKey(
  space: string,
  atMs: number,
  incarnation: string,
  n: number,
  page = 0,
): Deno.KvKey {
  const key = [tenant(space), "lg", atMs, incarnation, n];
  return page === 0 ? key : [...key, page];
}

/** The ledger's pages of a span of time, oldest first: from `fromMs` on, before `toMs`. */
export function ledgerPages(
  space: string,
  fromMs: number,
  toMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "lg"];
  return { start: [...prefix, fromMs], end: [...prefix, toMs] };
}

/** Time, incarnation and batch out of a key that `ledgerPageKey` built. */
export function parseLedgerPageKey(
  key: Deno.KvKey,
): { atMs: number; incarnation: string; n: number } {
  return {
    atMs: Number(key[2]),
    incarnation: String(key[3]),
    n: Number(key[4]),
  };
}

/** `{v, at, pages}`: ledger pages of a batch that no rollup holds yet; see `lib/usage/`. */
export function unfoldedKey(
  incarnation: string,
  space: string,
  n: number,
): Deno.KvKey {
  return ["sys", "uf", incarnation, tenant(space), n];
}

/** What is not folded yet of an incarnation's. */
export function unfoldedOf(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "uf", incarnation] };
}

/** What is not folded yet of incarnations after the given one (null: of all). */
export function unfoldedAfter(incarnation: string | null): Deno.KvListSelector {
  const prefix = ["sys", "uf"];
  return incarnation === null
    ? { prefix }
    : { prefix, start: [...prefix, `${incarnation}\0`] };
}

/** Incarnation, space and batch out of a key that `unfoldedKey` built. */
export function parseUnfoldedKey(
  key: Deno.KvKey,
): { incarnation: string; space: string; n: number } {
  return {
    incarnation: String(key[2]),
    space: String(key[3]),
    n: Number(key[4]),
  };
}

/** `{v, cells}`: a part of what one writer has folded of a minute. */
export function usageMinuteKey(
  space: string,
  minuteMs: number,
  writer: string,
  part: number,
): Deno.KvKey {
  return [tenant(space), "um", minuteMs, writer, part];
}

/** The minutes of usage of a span of time, oldest first: from `fromMs` on, before `toMs`. */
export function usageMinutes(
  space: string,
  fromMs: number,
  toMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "um"];
  return { start: [...prefix, fromMs], end: [...prefix, toMs] };
}

/** Lengths of time that usage is summed up by. */
export type UsageGrain = "quarter" | "hour" | "day";

const USAGE_ROWS = { quarter: "uq", hour: "uh", day: "ud" } as const;

/** `{v, requests, token}`: that there are sums of a quarter of an hour, an hour or a day, all in UTC. */
export function usageSumKey(
  space: string,
  grain: UsageGrain,
  startMs: number,
): Deno.KvKey {
  return [tenant(space), USAGE_ROWS[grain], "", 0, startMs];
}

/** The sums of a span of time, as `usageMinutes`. */
export function usageSums(
  space: string,
  grain: UsageGrain,
  fromMs: number,
  toMs: number,
): Deno.KvListSelector {
  return usageSlices(space, grain, "", 0, fromMs, toMs);
}

/** `{v, cells|blobs}`: one partition of one slice of a sum; see `lib/usage/usage_slices.ts`. */
export function usageSliceKey(
  space: string,
  grain: UsageGrain,
  slice: string,
  partition: number,
  startMs: number,
): Deno.KvKey {
  return [tenant(space), USAGE_ROWS[grain], slice, partition, startMs];
}

/** The same partition of a span of time, oldest first: from `fromMs` on, before `toMs`. */
export function usageSlices(
  space: string,
  grain: UsageGrain,
  slice: string,
  partition: number,
  fromMs: number,
  toMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), USAGE_ROWS[grain], slice, partition];
  return { start: [...prefix, fromMs], end: [...prefix, toMs] };
}

/** When the sum of a key begins that one of the functions above built. */
export function parseUsageSumKey(key: Deno.KvKey): number {
  return Number(key[4]);
}

/** `{v, token}`: a length of time whose sum lacks something of its parts. */
export function staleUsageKey(
  grain: UsageGrain,
  startMs: number,
  space: string,
): Deno.KvKey {
  return ["sys", "us", grain, startMs, tenant(space)];
}

/** Sums that are stale and began before a time, oldest first. */
export function staleUsage(
  grain: UsageGrain,
  beforeMs: number,
): Deno.KvListSelector {
  const prefix = ["sys", "us", grain];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Sums that are stale and begin in a span of time, of all spaces. */
export function staleUsageOf(
  grain: UsageGrain,
  fromMs: number,
  toMs: number,
): Deno.KvListSelector {
  const prefix = ["sys", "us", grain];
  return { start: [...prefix, fromMs], end: [...prefix, toMs] };
}

/** Time and space out of a key that `staleUsageKey` built. */
export function parseStaleUsageKey(
  key: Deno.KvKey,
): { startMs: number; space: string } {
  return { startMs: Number(key[3]), space: String(key[4]) };
}

/** `{v, space, dayMs}`: how far a job is that makes usage anew. */
export function usageRebuildKey(job: string): Deno.KvKey {
  return ["sys", "ur", job];
}

/** `{v}`: all that the ledger had before there were sums is in them. */
export function usageWholeKey(): Deno.KvKey {
  return ["sys", "uw"];
}

/** `{v, atMs, days, differences}`: how the last look at the usage of a space ended. */
export function usageCheckKey(space: string): Deno.KvKey {
  return [tenant(space), "uc"];
}

/** `{v, at}`: where the ledger row of a request is: time, incarnation, batch, page and place in it. */
export function requestKey(space: string, request: string): Deno.KvKey {
  return [tenant(space), "rq", request];
}

/** A project. What points to one that is not there has none. */
export function projectKey(space: string, project: string): Deno.KvKey {
  return [tenant(space), "p", project];
}

/** The projects made before the given one (null: all), by id, which is by time of creation. */
export function projects(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "p"], before);
}

/** `{v, record, expiresAt}`: a project whose deletion can still be undone. */
export function deletedProjectKey(
  space: string,
  project: string,
): Deno.KvKey {
  return [tenant(space), "pd", project];
}

/** A tag under its name without regard to case. */
export function tagKey(space: string, foldedName: string): Deno.KvKey {
  return [tenant(space), "g", foldedName];
}

/** The tags whose folded names sort after the given one (null: all). */
export function tags(
  space: string,
  after: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "g"];
  // No name holds a zero character, so this is the first place behind the one given.
  return after === null ? { prefix } : {
    prefix,
    start: [...prefix, `${after}\0`],
  };
}

/**
 * `{v, generation}`: raised by whoever deletes a tag and checked by whoever makes one, so that a tag
 * of the same name that comes later is another one.
 */
export function tagGenerationKey(space: string): Deno.KvKey {
  return [tenant(space), "gg"];
}

/** A task. */
export function taskKey(space: string, task: string): Deno.KvKey {
  return [tenant(space), "k", task];
}

/** The tasks made before the given one (null: all), by id, which is by time of creation. */
export function tasks(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "k"], before);
}

/** `{v, record, expiresAt}`: a task whose deletion can still be undone. */
export function deletedTaskKey(space: string, task: string): Deno.KvKey {
  return [tenant(space), "kd", task];
}

/** What tasks are found by: their status, their project, or a tag of one generation. */
export type TaskGroup =
  | { status: string }
  | { project: string }
  | { tag: string; generation: number };

function taskGroupPrefix(space: string, group: TaskGroup): Deno.KvKey {
  if ("status" in group) return [tenant(space), "ks", group.status];
  if ("project" in group) return [tenant(space), "kp", group.project];
  return [tenant(space), "kg", group.tag, group.generation];
}

/**
 * `{v, status, projectId}`: a task in a group; written in the same atomic as its record. Entries of a
 * project or tag that was deleted stay until their task leaves the group or goes; nobody lists them.
 */
export function taskGroupKey(
  space: string,
  group: TaskGroup,
  task: string,
): Deno.KvKey {
  return [...taskGroupPrefix(space, group), task];
}

/** The tasks of a group made before the given one (null: all). */
export function taskGroup(
  space: string,
  group: TaskGroup,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore(taskGroupPrefix(space, group), before);
}

/** Task out of a key that `taskGroupKey` built. */
export function parseTaskGroupKey(key: Deno.KvKey): string {
  return String(key.at(-1));
}

function idsBefore(
  prefix: Deno.KvKey,
  before: string | null,
): Deno.KvListSelector {
  return before === null ? { prefix } : { prefix, end: [...prefix, before] };
}

/** `{v, begun}`: a deleted thread whose rows go from `dueAtMs` on. */
export function threadPurgeKey(
  dueAtMs: number,
  space: string,
  thread: string,
): Deno.KvKey {
  return ["sys", "pg", dueAtMs, tenant(space), thread];
}

/** The deleted threads of all spaces that are due before a time, longest due first. */
export function threadPurges(beforeMs: number): Deno.KvListSelector {
  return { start: ["sys", "pg"], end: ["sys", "pg", beforeMs] };
}

/** Due time, space and thread out of a key that `threadPurgeKey` built. */
export function parseThreadPurgeKey(
  key: Deno.KvKey,
): { dueAtMs: number; space: string; thread: string } {
  return {
    dueAtMs: Number(key[2]),
    space: String(key[3]),
    thread: String(key[4]),
  };
}

/** Scope and key out of a key that `idempotencyKey` built. */
export function parseIdempotencyKey(
  key: Deno.KvKey,
): { scope: string; key: string } {
  return { scope: String(key[2]), key: String(key[3]) };
}

/** What threads are found by apart from their time: a pin, their project, or a tag as `refKey` gives it. */
export type ThreadGroup = { pinned: true } | { project: string } | {
  tag: string;
};

function threadGroupPrefix(space: string, group: ThreadGroup): Deno.KvKey {
  if ("pinned" in group) return [tenant(space), "tx", "pinned"];
  if ("project" in group) {
    return [tenant(space), "tx", "project", group.project];
  }
  return [tenant(space), "tx", "tag", group.tag];
}

/** `{v}`: a thread in a group; written in the same atomic as its record. */
export function threadGroupKey(
  space: string,
  group: ThreadGroup,
  thread: string,
): Deno.KvKey {
  return [...threadGroupPrefix(space, group), thread];
}

/** The threads of a group, by id. */
export function threadGroup(
  space: string,
  group: ThreadGroup,
): Deno.KvListSelector {
  return { prefix: threadGroupPrefix(space, group) };
}

/** Thread out of a key that `threadGroupKey` built. */
export function parseThreadGroupKey(key: Deno.KvKey): string {
  return String(key.at(-1));
}

/** `{v, content, …}`: an answer that is kept, under the hash of what was asked and who may have it. */
export function keptAnswerKey(space: string, hash: string): Deno.KvKey {
  return [tenant(space), "ca", hash];
}

/** `{v, target, served, bytes}`: an answer that is kept, found by when it was stored. */
export function keptAnswerRowKey(
  space: string,
  storedAtMs: number,
  hash: string,
): Deno.KvKey {
  return [tenant(space), "ci", storedAtMs, hash];
}

/** The answers kept for a space, oldest first: those stored before a time (null: all). */
export function keptAnswerRows(
  space: string,
  beforeMs: number | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ci"];
  return beforeMs === null ? { prefix } : {
    prefix,
    end: [...prefix, beforeMs],
  };
}

/** The answers kept for a space before a place in their order (null: all). */
export function keptAnswersBefore(
  space: string,
  before: { storedAtMs: number; hash: string } | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ci"];
  return before === null ? { prefix } : {
    prefix,
    end: [...prefix, before.storedAtMs, before.hash],
  };
}

/** Time and hash out of a key that `keptAnswerRowKey` built. */
export function parseKeptAnswerRowKey(
  key: Deno.KvKey,
): { storedAtMs: number; hash: string } {
  return { storedAtMs: Number(key[2]), hash: String(key[3]) };
}

/** `{v, token}`: overwritten by whoever removes kept answers, and checked by whoever stores one. */
export function cachePurgeKey(space: string): Deno.KvKey {
  return [tenant(space), "cg"];
}

/** `{v, json, expiresAt}`: the record of a request that asked a model. */
export function requestRecordKey(
  space: string,
  request: string,
): Deno.KvKey {
  return [tenant(space), "ql", request];
}

/** The records of requests made before the given one (null: all), by id, which is by time. */
export function requestRecords(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "ql"], before);
}

/** `{v, json, expiresAt}`: what was asked and answered, where that is kept. */
export function requestBodiesKey(
  space: string,
  request: string,
): Deno.KvKey {
  return [tenant(space), "qb", request];
}

/** Records, bodies and marks of the requests from one id on, before another. */
export function requestsBetween(
  space: string,
  from: string,
  to: string,
): Deno.KvListSelector[] {
  return [["ql"], ["qb"], ["qi", "failed"], ["qi", "slow"]].map((kind) => {
    const prefix = [tenant(space), ...kind];
    return { start: [...prefix, from], end: [...prefix, to] };
  });
}

/**
 * `{v, rows, expiresAt}`: summaries of requests that came in within the minute that begins then; a writer
 * counts its pages.
 */
export function requestPageKey(
  space: string,
  minuteMs: number,
  writer: string,
  part: number,
): Deno.KvKey {
  return [tenant(space), "qs", minuteMs, writer, part];
}

/** Such pages of the minutes that begin from one time on, before another. */
export function requestPages(
  space: string,
  fromMs: number,
  beforeMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "qs"];
  return { start: [...prefix, fromMs], end: [...prefix, beforeMs] };
}

/** Minute out of a key that `requestPageKey` built. */
export function parseRequestPageKey(key: Deno.KvKey): number {
  return Number(key[2]);
}

/** `{v, rows, expiresAt}`: summary of a request that failed or was slow, for the lists of such. */
export function requestMarkKey(
  space: string,
  mark: "failed" | "slow",
  request: string,
): Deno.KvKey {
  return [tenant(space), "qi", mark, request];
}

/** Such requests from one id on, before another, by id, which is by time. */
export function requestMarks(
  space: string,
  mark: "failed" | "slow",
  from: string,
  before: string,
): Deno.KvListSelector {
  const prefix = [tenant(space), "qi", mark];
  return { start: [...prefix, from], end: [...prefix, before] };
}

/** Request out of a key that `requestMarkKey` built. */
export function parseRequestMarkKey(key: Deno.KvKey): string {
  return String(key[3]);
}

/** The records of the requests from one id on, before another. */
export function requestRecordsBetween(
  space: string,
  from: string,
  before: string,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ql"];
  return { start: [...prefix, from], end: [...prefix, before] };
}

/** `{v}`: a space has records of requests that came in that hour. */
export function requestHourKey(hourMs: number, space: string): Deno.KvKey {
  return ["sys", "qh", hourMs, tenant(space)];
}

/** The hours before a time of which there are records of requests, oldest first. */
export function requestHours(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "qh"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** What a key says that `requestHourKey` built. */
export function parseRequestHourKey(
  key: Deno.KvKey,
): { hourMs: number; space: string } {
  return { hourMs: Number(key[2]), space: String(key[3]) };
}

/** `{v, first, prev, entries}`: page `page` of a workspace's audit log, counted from 0. */
export function auditPageKey(workspace: string, page: number): Deno.KvKey {
  return [tenant(workspace), "au", page];
}

/** The pages of an audit log from one on, before another (null: to the end). */
export function auditPages(
  workspace: string,
  from: number,
  before: number | null = null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "au"];
  const start = [...prefix, from];
  return before === null
    ? { prefix, start }
    : { start, end: [...prefix, before] };
}

/** Number out of a key that `auditPageKey` built. */
export function parseAuditPageKey(key: Deno.KvKey): number {
  return Number(key[2]);
}

/** `{v, gen, vs, page, seq, hash}`: the end of a workspace's audit log, and what it holds already. */
export function auditHeadKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "ah"];
}

/** `{v, page, seq, hash, at}`: the last entry of an audit log that is kept no longer. */
export function auditAnchorKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "aa"];
}

/** `{v, at, seq, hash, fault}`: what the last check of an audit log came to. */
export function auditCheckKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "av"];
}

/** `{v}`: a workspace has an audit log. */
export function auditedKey(workspace: string): Deno.KvKey {
  return ["sys", "aw", tenant(workspace)];
}

/** The workspaces that have an audit log and sort after the given one (null: all). */
export function auditedAfter(workspace: string | null): Deno.KvListSelector {
  const prefix = ["sys", "aw"];
  return workspace === null
    ? { prefix }
    : { prefix, start: [...prefix, `${workspace}\0`] };
}

/** Workspace out of a key that `auditedKey` built. */
export function parseAuditedKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** A mail that is to be sent, or was. */
export function mailKey(workspace: string, mail: string): Deno.KvKey {
  return [tenant(workspace), "ml", mail];
}

/** `{v}`: a mail, found by when it was made. */
export function mailRowKey(
  workspace: string,
  madeAtMs: number,
  mail: string,
): Deno.KvKey {
  return [tenant(workspace), "mi", madeAtMs, mail];
}

/** The mails of a workspace that come before a place in their order (null: all), oldest first. */
export function mailRows(
  workspace: string,
  before: { madeAtMs: number; mail: string } | null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "mi"];
  return before === null
    ? { prefix }
    : { prefix, end: [...prefix, before.madeAtMs, before.mail] };
}

/** Time and mail out of a key that `mailRowKey` built. */
export function parseMailRowKey(
  key: Deno.KvKey,
): { madeAtMs: number; mail: string } {
  return { madeAtMs: Number(key[2]), mail: String(key[3]) };
}

/** `{v}`: a mail is to be looked at from that time on. */
export function dueMailKey(
  dueAtMs: number,
  workspace: string,
  mail: string,
): Deno.KvKey {
  return ["sys", "md", dueAtMs, tenant(workspace), mail];
}

/** The mails of all workspaces that are due before a time, longest due first. */
export function dueMails(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "md"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Time, workspace and mail out of a key that `dueMailKey` built. */
export function parseDueMailKey(
  key: Deno.KvKey,
): { dueAtMs: number; workspace: string; mail: string } {
  return {
    dueAtMs: Number(key[2]),
    workspace: String(key[3]),
    mail: String(key[4]),
  };
}

/** An API key that works. */
export function apiKeyKey(workspace: string, key: string): Deno.KvKey {
  return [tenant(workspace), "ak", key];
}

/** The API keys of a workspace made before the given one (null: all), by id, which is by time. */
export function apiKeys(
  workspace: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(workspace), "ak"], before);
}

/** `{v}`: an API key of a user; written in the same atomic as its record. */
export function userApiKeyKey(
  workspace: string,
  user: string,
  key: string,
): Deno.KvKey {
  return [tenant(workspace), "aku", user, key];
}

/** The API keys of a user made before the given one (null: all). */
export function userApiKeys(
  workspace: string,
  user: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(workspace), "aku", user], before);
}

/** API key out of a key that `userApiKeyKey` built. */
export function parseUserApiKeyKey(key: Deno.KvKey): string {
  return String(key[3]);
}

/** `{v, record, reason, at}`: an API key that was revoked. */
export function revokedApiKeyKey(workspace: string, key: string): Deno.KvKey {
  return [tenant(workspace), "akr", key];
}

/** `{v, at}`: when an API key was used last. */
export function apiKeyUseKey(workspace: string, key: string): Deno.KvKey {
  return [tenant(workspace), "akl", key];
}

/** `{v, record}`: the same record under the hash of the key, by which requests are known. */
export function apiKeyHashKey(hash: string): Deno.KvKey {
  return ["sys", "akh", hash];
}

/** `{v, hash, key}`: the key that the setting has made. */
export function apiKeySettingKey(): Deno.KvKey {
  return ["sys", "aks"];
}

/** `{v, limit, closed, grants, token}`: what is left of a budget in one period, and who may spend it. */
export function budgetKey(
  workspace: string,
  subject: string,
  period: string,
): Deno.KvKey {
  return [tenant(workspace), "bg", subject, period];
}

/** What is left of all budgets of a workspace, by subject and then by period. */
export function budgetsOf(workspace: string): Deno.KvListSelector {
  return { prefix: [tenant(workspace), "bg"] };
}

/** `{v, …}`: what an incarnation has spent of a budget in all, written by its lane alone. */
export function budgetSpentKey(
  workspace: string,
  subject: string,
  period: string,
  incarnation: string,
): Deno.KvKey {
  return [tenant(workspace), "bs", subject, period, incarnation];
}

/** What all incarnations that hold a part of a budget have spent of it. */
export function budgetSpent(
  workspace: string,
  subject: string,
  period: string,
): Deno.KvListSelector {
  return { prefix: [tenant(workspace), "bs", subject, period] };
}

/** `{v}`: an incarnation holds a part of a budget; there exactly as long as its grant. */
export function budgetHolderKey(
  incarnation: string,
  workspace: string,
  subject: string,
  period: string,
): Deno.KvKey {
  return ["sys", "bi", incarnation, tenant(workspace), subject, period];
}

/** The budgets that an incarnation holds a part of. */
export function budgetsHeldBy(incarnation: string): Deno.KvListSelector {
  return { prefix: ["sys", "bi", incarnation] };
}

/** What is held of budgets by the incarnations that sort after the given one (null: by all). */
export function budgetHoldersAfter(
  incarnation: string | null,
): Deno.KvListSelector {
  const prefix = ["sys", "bi"];
  if (incarnation === null) return { prefix };
  return { prefix, start: [...prefix, `${incarnation}\0`] };
}

/** What a key says that `budgetHolderKey` built. */
export function parseBudgetHolderKey(key: Deno.KvKey): {
  incarnation: string;
  workspace: string;
  subject: string;
  period: string;
} {
  return {
    incarnation: String(key[2]),
    workspace: String(key[3]),
    subject: String(key[4]),
    period: String(key[5]),
  };
}

/** `{v, version, rules, token}`: the budgets that the admins of a workspace have set. */
export function budgetSettingsKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "bt"];
}

/** `{v, version, prices, token}`: the prices that were set in the browser or over the API. */
export function priceSettingsKey(): Deno.KvKey {
  return ["sys", "price"];
}

/** `{v, token}`: another one whenever something was set that every process holds in memory. */
export function settingsBellKey(): Deno.KvKey {
  return ["sys", "mb"];
}

/** A user: `{v, id, email, name, …}`. */
export function userKey(user: string): Deno.KvKey {
  return ["sys", "user", user];
}

/** `{v, user}`: whose an address is, normalised. */
export function userEmailKey(email: string): Deno.KvKey {
  return ["sys", "email", email];
}

/** `{v, user, issuer, subject}`: whom an identity provider knows, by the hash of issuer and subject. */
export function userIdentityKey(hash: string): Deno.KvKey {
  return ["sys", "idp", hash];
}

/** `{v, hash}`: the password of a user, apart from what others may read of them. */
export function passwordKey(user: string): Deno.KvKey {
  return ["sys", "pass", user];
}

/**
 * `{v, epoch, revision, token}`: sessions of older epochs count no more; `revision` grows with whatever
 * else changes what a user may do.
 */
export function userAccessKey(user: string): Deno.KvKey {
  return ["sys", "acc", user];
}

/** `{v, user, session, workspace}`: which session a token belongs to, by the token's hash. */
export function sessionTokenKey(hash: string): Deno.KvKey {
  return ["sys", "sid", hash];
}

/** A session of a user. */
export function sessionKey(user: string, session: string): Deno.KvKey {
  return ["sys", "ses", user, session];
}

/** The sessions of a user, by id, which is by time of sign-in. */
export function sessionsOf(user: string): Deno.KvListSelector {
  return { prefix: ["sys", "ses", user] };
}

/** A workspace: `{v, id, name, deletedAt, …}`. */
export function workspaceKey(workspace: string): Deno.KvKey {
  return ["sys", "wsp", workspace];
}

/** All workspaces, deleted ones among them. */
export function workspaces(): Deno.KvListSelector {
  return { prefix: ["sys", "wsp"] };
}

/** `{v}`: a user is in a workspace; written in the same atomic as the membership. */
export function userWorkspaceKey(user: string, workspace: string): Deno.KvKey {
  return ["sys", "mem", user, tenant(workspace)];
}

/** The workspaces that a user is in. */
export function userWorkspaces(user: string): Deno.KvListSelector {
  return { prefix: ["sys", "mem", user] };
}

/** Workspace out of a key that `userWorkspaceKey` built. */
export function parseUserWorkspaceKey(key: Deno.KvKey): string {
  return String(key[3]);
}

/** What a user is in a workspace: `{v, user, role, groups, …}`. */
export function membershipKey(workspace: string, user: string): Deno.KvKey {
  return [tenant(workspace), "mb", user];
}

/** The memberships of a workspace whose users sort after the given one (null: all). */
export function memberships(
  workspace: string,
  after: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "mb"];
  return after === null
    ? { prefix }
    : { prefix, start: [...prefix, `${after}\0`] };
}

/** `{v, users, token}`: the owners of a workspace who may sign in; never none. */
export function ownersKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "ow"];
}

/** A group of a workspace: `{v, id, name, …}`. */
export function groupKey(workspace: string, group: string): Deno.KvKey {
  return [tenant(workspace), "grp", group];
}

/** The groups of a workspace made before the given one (null: all), by id, which is by time. */
export function groups(
  workspace: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(workspace), "grp"], before);
}

/** `{v, group}`: a group under its name without regard to case. */
export function groupNameKey(
  workspace: string,
  foldedName: string,
): Deno.KvKey {
  return [tenant(workspace), "grn", foldedName];
}

/** An invitation to a workspace. */
export function invitationKey(
  workspace: string,
  invitation: string,
): Deno.KvKey {
  return [tenant(workspace), "inv", invitation];
}

/** The invitations of a workspace made before the given one (null: all), by id, which is by time. */
export function invitations(
  workspace: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(workspace), "inv"], before);
}

/** `{v, invitation}`: the invitation of an address to a workspace. */
export function invitedEmailKey(workspace: string, email: string): Deno.KvKey {
  return [tenant(workspace), "ine", email];
}

/** What a link that works once is for, by the hash of its token. */
export function linkTokenKey(
  purpose: "setup" | "invite" | "reset",
  hash: string,
): Deno.KvKey {
  return ["sys", "once", purpose, hash];
}

/** `{v, failures, waitUntil, token}`: tries that count against an account or an address. */
export function triesKey(subject: string): Deno.KvKey {
  return ["sys", "tries", subject];
}

/** `{v}`: an account has been signed in to from an address. */
export function knownAddressKey(account: string, address: string): Deno.KvKey {
  return ["sys", "known", account, address];
}

/** `{v, now, at, used, held, token}`: what one subject has used within a sliding window. */
export function rateKey(
  workspace: string,
  measure: string,
  windowMs: number,
  subject: string,
): Deno.KvKey {
  return [tenant(workspace), "rt", measure, windowMs, subject];
}

/** `{v, slots, token}`: how many answers at once of a subject each incarnation may make. */
export function slotsKey(workspace: string, subject: string): Deno.KvKey {
  return [tenant(workspace), "cs", subject];
}

/** `{v, version, policies, token}`: the limits that the admins of a workspace have set. */
export function limitSettingsKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "lt"];
}

/** `{v, expiresAt, token}`: a sign-in by the identity provider that has been ended, by its flow's name. */
export function usedFlowKey(flow: string): Deno.KvKey {
  return ["sys", "flow", flow];
}

/** `{v, token}`: an audit event that comes with no other change; only there to be read back. */
export function auditNoteKey(workspace: string, note: string): Deno.KvKey {
  return [tenant(workspace), "ax", note];
}

/** Something of each workspace that sorts after the given one (null: of all), spaces in it left out. */
export function otherWorkspaces(workspace: string | null): Deno.KvListSelector {
  // The character after "/", with which the names of the spaces in a workspace go on.
  const start = workspace === null ? "wsp_" : `${workspace}0`;
  return { start: [start], end: ["wsp`"] };
}

/** `{v, at, token}`: when the data of a user was exported last. */
export function lastExportKey(workspace: string, user: string): Deno.KvKey {
  return [tenant(workspace), "xp", user];
}

/** `{v, kind, beforeMs, phase, dueAtMs, token}`: what a user had in a workspace is to be erased. */
export function erasureKey(workspace: string, user: string): Deno.KvKey {
  return ["sys", "er", tenant(workspace), user];
}

/** All erasures that are not done. */
export function erasures(): Deno.KvListSelector {
  return { prefix: ["sys", "er"] };
}

/** Workspace and user out of a key that `erasureKey` built. */
export function parseErasureKey(
  key: Deno.KvKey,
): { workspace: string; user: string } {
  return { workspace: String(key[2]), user: String(key[3]) };
}

/** Everything in a space, whatever it is. */
export function allOf(space: string): Deno.KvListSelector {
  return { prefix: [tenant(space)] };
}

/** What kind of row a key of a tenant names: its second part. */
export function parseKind(key: Deno.KvKey): string {
  return String(key[1]);
}

/** The runs of a space, by id, which is by time. */
export function runs(space: string): Deno.KvListSelector {
  return { prefix: [tenant(space), "r"] };
}

/** Something of each user's space in a workspace that sorts after the given one (null: of all). */
export function userSpacesAfter(
  workspace: string,
  space: string | null,
): Deno.KvListSelector {
  const first = `${tenant(workspace)}/usr_`;
  // The character after "_".
  return {
    start: [space === null ? first : `${space}\0`],
    end: [`${workspace}/usr\``],
  };
}

/** The list of a space's threads whose last activity was before a time, longest ago first. */
export function threadsUntouchedSince(
  space: string,
  beforeMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ti"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** `{v, at, count, token}`: when the retention of a workspace removed threads last. */
export function threadRetentionKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "tr"];
}

/** Every row of a workspace and of the spaces in it. */
export function rowsOfWorkspace(workspace: string): Deno.KvListSelector {
  // Spaces in it continue its id with "/"; "0" is the character after that.
  return { start: [tenant(workspace)], end: [`${workspace}0`] };
}

/** Everything that a space has. */
export function spaceRows(space: string): { prefix: Deno.KvKey } {
  return { prefix: [tenant(space)] };
}

/** One kind of rows of a space. */
export function spaceRowsOf(
  space: string,
  kind: "r" | "t",
): { prefix: Deno.KvKey } {
  return { prefix: [tenant(space), kind] };
}

/**
 * Rows of the operator that name spaces: who owns what, purges of threads, hours of requests, and what is
 * left of runs.
 */
export const ROWS_THAT_NAME_SPACES: readonly { prefix: Deno.KvKey }[] = [
  { prefix: ["sys", "own"] },
  { prefix: ["sys", "pg"] },
  { prefix: ["sys", "qh"] },
  { prefix: ["sys", "rx"] },
];

/** A job. */
export function jobKey(space: string, job: string): Deno.KvKey {
  return [tenant(space), "j", job];
}

/** `{v, cancel, at}`: control of a job that runs, which anyone may set. */
export function jobControlKey(space: string, job: string): Deno.KvKey {
  return [tenant(space), "jc", job];
}

/** `{v, job}`: the job that is not over and has this key of its kind; the key is hashed. */
export function jobDedupKey(
  space: string,
  kind: string,
  hash: string,
): Deno.KvKey {
  return [tenant(space), "jk", kind, hash];
}

/** `{v, kind, space}`: a job in the list of its space, and in that of its workspace, by its status. */
export function jobListKey(
  space: string,
  status: string,
  job: string,
): Deno.KvKey {
  return [tenant(space), "ji", status, job];
}

/** The jobs of a space with one status, made before the given one (null: all). */
export function jobList(
  space: string,
  status: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "ji", status], before);
}

/** The jobs of a space with one status, made after the given one. */
export function jobListAfter(
  space: string,
  status: string,
  after: string,
): Deno.KvListSelector {
  const prefix = [tenant(space), "ji", status];
  return { prefix, start: [...prefix, `${after}\0`] };
}

/** Job out of a key that `jobListKey` built. */
export function parseJobListKey(key: Deno.KvKey): string {
  return String(key[3]);
}

/** Where a job stands that waits for a worker. */
export interface JobDuePlace {
  /** 0 is taken first. */
  priority: number;
  workspace: string;
  kind: string;
  runAtMs: number;
  job: string;
}

/** `{v, space}`: a job that may be claimed. */
export function jobDueKey(
  { priority, workspace, kind, runAtMs, job }: JobDuePlace,
): Deno.KvKey {
  return ["sys", "jd", priority, tenant(workspace), kind, runAtMs, job];
}

/** What a key says that `jobDueKey` built. */
export function parseJobDueKey(key: Deno.KvKey): JobDuePlace {
  const [, , priority, workspace, kind, runAtMs, job] = key;
  return {
    priority: Number(priority),
    workspace: String(workspace),
    kind: String(kind),
    runAtMs: Number(runAtMs),
    job: String(job),
  };
}

/** A kind of jobs of one workspace, all of one priority. */
export type JobQueue = Pick<JobDuePlace, "priority" | "workspace" | "kind">;

/** The jobs that wait in one queue, longest due first. */
export function dueJobs(
  { priority, workspace, kind }: JobQueue,
): Deno.KvListSelector {
  return { prefix: ["sys", "jd", priority, tenant(workspace), kind] };
}

/** The jobs that wait in a queue behind one of them, by its key. */
export function dueJobsBehind(job: Deno.KvKey): Deno.KvListSelector {
  return { prefix: job.slice(0, -2), start: [...job, 0] };
}

/**
 * All that waits to be claimed, of one priority or of all (null), from behind a queue on (null: from the
 * first).
 */
export function waitingJobs(
  priority: number | null,
  behind: JobQueue | null,
): Deno.KvListSelector {
  const all = ["sys", "jd"];
  const prefix = priority === null ? all : [...all, priority];
  if (behind === null) return { prefix };
  // No kind holds a zero character, so this is the first place behind all jobs of the queue.
  const { workspace, kind } = behind;
  const start = [...all, behind.priority, workspace, `${kind}\0`];
  return { prefix, start };
}

/** `{v, space, priority, kind}`: a job that is not to begin before a time. */
export function jobTimerKey(runAtMs: number, job: string): Deno.KvKey {
  return ["sys", "jt", runAtMs, job];
}

/** Timers of jobs, earliest first: those due before a time (null: all). */
export function jobTimers(beforeMs: number | null): Deno.KvListSelector {
  const prefix = ["sys", "jt"];
  return beforeMs === null
    ? { prefix }
    : { prefix, end: [...prefix, beforeMs] };
}

/** Time and job out of a key that `jobTimerKey` built. */
export function parseJobTimerKey(
  key: Deno.KvKey,
): { runAtMs: number; job: string } {
  return { runAtMs: Number(key[2]), job: String(key[3]) };
}

/** `{v}`: an ended job whose record goes from then on. */
export function jobRetentionKey(
  dueAtMs: number,
  space: string,
  job: string,
): Deno.KvKey {
  return ["sys", "jx", dueAtMs, tenant(space), job];
}

/** The ended jobs whose records go before a time, longest due first. */
export function jobRetentions(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "jx"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Space and job out of a key that `jobRetentionKey` built. */
export function parseJobRetentionKey(
  key: Deno.KvKey,
): { space: string; job: string } {
  return { space: String(key[3]), job: String(key[4]) };
}

/** `{v, at}`: no job of this kind is begun in this workspace. */
export function pausedJobKindKey(workspace: string, kind: string): Deno.KvKey {
  return ["sys", "jp", tenant(workspace), kind];
}

/** The kinds of jobs that are paused in a workspace (null: in any). */
export function pausedJobKinds(workspace: string | null): Deno.KvListSelector {
  const prefix = ["sys", "jp"];
  return { prefix: workspace === null ? prefix : [...prefix, workspace] };
}

/** Workspace and kind out of a key that `pausedJobKindKey` built. */
export function parsePausedJobKindKey(
  key: Deno.KvKey,
): { workspace: string; kind: string } {
  return { workspace: String(key[2]), kind: String(key[3]) };
}

/** `{v, id}`: the count of all jobs that holds; rows of another one count nothing. */
export function jobCountKey(): Deno.KvKey {
  return ["sys", "jn"];
}

/** `{v, count, kinds}`: how many jobs of a workspace there are, by kind and status. */
export function jobCountsKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "jn"];
}

/** `{v, kinds}`: what became of the jobs of a workspace in a minute, by kind. */
export function jobMinuteKey(workspace: string, minuteMs: number): Deno.KvKey {
  return [tenant(workspace), "jm", minuteMs];
}

/** The minutes of a workspace from one on. */
export function jobMinutes(
  workspace: string,
  fromMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "jm"];
  return { prefix, start: [...prefix, fromMs] };
}

/** Minute out of a key that `jobMinuteKey` built. */
export function parseJobMinuteKey(key: Deno.KvKey): number {
  return Number(key[2]);
}

/** All jobs that may be claimed, all that wait for a time, and all that have ended. */
export function allDueJobs(): { prefix: Deno.KvKey } {
  return { prefix: ["sys", "jd"] };
}

export function allJobTimers(): { prefix: Deno.KvKey } {
  return { prefix: ["sys", "jt"] };
}

export function allJobRetentions(): { prefix: Deno.KvKey } {
  return { prefix: ["sys", "jx"] };
}

/** What all incarnations own. */
export function allOwned(): { prefix: Deno.KvKey } {
  return { prefix: ["sys", "own"] };
}

/** `{v, host, at, places, running}`: a process that does jobs. */
export function jobWorkerKey(incarnation: string): Deno.KvKey {
  return ["sys", "jw", incarnation];
}

/** The processes that do jobs. */
export function jobWorkers(): Deno.KvListSelector {
  return { prefix: ["sys", "jw"] };
}

/** Incarnation out of a key that `jobWorkerKey` built. */
export function parseJobWorkerKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** A file: its name, its kind and the manifest of its bytes. */
export function fileKey(space: string, file: string): Deno.KvKey {
  return [tenant(space), "f", file];
}

/** The files of a space made before the given one (null: all), by id, which is by time. */
export function filesBefore(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "f"], before);
}

/** The files of a space made after the given one (null: all). */
export function filesAfter(
  space: string,
  after: string | null,
): Deno.KvListSelector {
  return idsAfter([tenant(space), "f"], after);
}

/** `{v}`: a file that is kept no longer from then on. */
export function fileExpiryKey(
  expiresAtMs: number,
  space: string,
  file: string,
): Deno.KvKey {
  return ["sys", "fx", expiresAtMs, tenant(space), file];
}

/** The files that are kept no longer before a time, longest due first. */
export function fileExpiries(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "fx"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Space and file out of a key that `fileExpiryKey` built. */
export function parseFileExpiryKey(
  key: Deno.KvKey,
): { space: string; file: string } {
  return { space: String(key[3]), file: String(key[4]) };
}

/** Ids hold no zero character, so what follows one begins there. */
function idsAfter(
  prefix: Deno.KvKey,
  after: string | null,
): Deno.KvListSelector {
  return after === null
    ? { prefix }
    : { prefix, start: [...prefix, `${after}\0`] };
}

/** `{v, id, url, events, secrets, isEnabled …}`: a webhook, in the space whose events it is told. */
export function webhookKey(space: string, webhook: string): Deno.KvKey {
  return [tenant(space), "wh", webhook];
}

/** `{v, space, events, isEnabled}`: what has to be known of a webhook to choose its events. */
export function webhookIndexKey(
  workspace: string,
  webhook: string,
): Deno.KvKey {
  return ["sys", "wh", tenant(workspace), webhook];
}

/** The webhooks of a workspace and of the spaces in it, oldest first. */
export function webhookIndex(workspace: string): Deno.KvListSelector {
  return { prefix: ["sys", "wh", tenant(workspace)] };
}

/** The webhooks of all workspaces that sort after the given one of a workspace (null: of all). */
export function webhookIndexAfter(
  place: { workspace: string; webhook: string } | null,
): Deno.KvListSelector {
  const prefix = ["sys", "wh"];
  if (place === null) return { prefix };
  return { prefix, start: [...prefix, place.workspace, `${place.webhook}\0`] };
}

/** Workspace and webhook out of a key that `webhookIndexKey` built. */
export function parseWebhookIndexKey(
  key: Deno.KvKey,
): { workspace: string; webhook: string } {
  return { workspace: String(key[2]), webhook: String(key[3]) };
}

/** `{v, failingSince}`: how deliveries to a webhook have gone. */
export function webhookHealthKey(space: string, webhook: string): Deno.KvKey {
  return [tenant(space), "wha", webhook];
}

/** An event among those of a webhook. */
export interface WebhookPlace {
  versionstamp: string;
  index: number;
}

/** `{v, id, type, at, data}`: an event as webhooks of a space are told it. */
export function webhookMessageKey(
  space: string,
  { versionstamp, index }: WebhookPlace,
): Deno.KvKey {
  return [tenant(space), "whm", versionstamp, index];
}

/** What webhooks of a space were told, oldest first. */
export function webhookMessages(space: string): Deno.KvListSelector {
  return { prefix: [tenant(space), "whm"] };
}

/** `{v, state, attempts, nextAt …}`: one event on its way to one webhook. */
export function webhookDeliveryKey(
  space: string,
  webhook: string,
  { versionstamp, index }: WebhookPlace,
): Deno.KvKey {
  return [tenant(space), "whd", webhook, versionstamp, index];
}

/** Deliveries to a webhook of events before a place (null: all), oldest first. */
export function webhookDeliveries(
  space: string,
  webhook: string,
  before: WebhookPlace | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "whd", webhook];
  return before === null
    ? { prefix }
    : { prefix, end: [...prefix, before.versionstamp, before.index] };
}

/** A schedule. */
export function scheduleKey(space: string, schedule: string): Deno.KvKey {
  return [tenant(space), "sc", schedule];
}

/** The schedules of a space that were made before the given one (null: all). */
export function schedules(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "sc"];
  return before === null ? { prefix } : { prefix, end: [...prefix, before] };
}

/** `{v, plannedAt}`: when a schedule is due next; for whoever looks what is due. */
export function scheduleDueKey(
  dueAtMs: number,
  space: string,
  schedule: string,
): Deno.KvKey {
  return ["sys", "sd", dueAtMs, tenant(space), schedule];
}

/** Schedules by when they are due, earliest first: those due before a time (null: all). */
export function schedulesDue(beforeMs: number | null): Deno.KvListSelector {
  const prefix = ["sys", "sd"];
  return beforeMs === null
    ? { prefix }
    : { prefix, end: [...prefix, beforeMs] };
}

/** Time, space and schedule out of a key that `scheduleDueKey` built. */
export function parseScheduleDueKey(
  key: Deno.KvKey,
): { dueAtMs: number; space: string; schedule: string } {
  return {
    dueAtMs: Number(key[2]),
    space: String(key[3]),
    schedule: String(key[4]),
  };
}

/** `{v, job}`: what was due then has its job; whoever makes one checks that it is absent. */
export function scheduleTickKey(
  schedule: string,
  dueAtMs: number,
): Deno.KvKey {
  return ["sys", "st", schedule, new Date(dueAtMs).toISOString()];
}

/** `{v, …}`: what became of a schedule at a time. `mark` parts what happened in one millisecond. */
export function scheduleHistoryKey(
  space: string,
  schedule: string,
  atMs: number,
  mark: string,
): Deno.KvKey {
  return [tenant(space), "sh", schedule, atMs, mark];
}

/** The history of a schedule: what happened before a time (null: all). */
export function scheduleHistory(
  space: string,
  schedule: string,
  beforeMs: number | null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "sh", schedule];
  return beforeMs === null
    ? { prefix }
    : { prefix, end: [...prefix, beforeMs] };
}

/** `{v, at}`: a schedule that was deleted; it shows whether the deletion counted. */
export function deletedScheduleKey(schedule: string): Deno.KvKey {
  return ["sys", "sdel", schedule];
}

/** A notification. */
export function notificationKey(space: string, id: string): Deno.KvKey {
  return [tenant(space), "nf", id];
}

/** `{v, event, read, createdAt}`: a notification, found by when it was changed last. */
export function notificationRowKey(
  space: string,
  atMs: number,
  id: string,
): Deno.KvKey {
  return [tenant(space), "nr", atMs, id];
}

/** The notifications of a space before a place in their order (null: all), oldest first. */
export function notificationRows(
  space: string,
  before: { atMs: number; id: string } | null = null,
): Deno.KvListSelector {
  const prefix = [tenant(space), "nr"];
  return before === null
    ? { prefix }
    : { prefix, end: [...prefix, before.atMs, before.id] };
}

/** Time and id out of a key that `notificationRowKey` built. */
export function parseNotificationRowKey(
  key: Deno.KvKey,
): { atMs: number; id: string } {
  return { atMs: Number(key[2]), id: String(key[3]) };
}

/** `{v, unread, total, groups, sweepAt}`: how many notifications a space has; each change checks it. */
export function notificationStateKey(space: string): Deno.KvKey {
  return [tenant(space), "ns"];
}

/** Which notifications somebody wants, and where. */
export function notificationSettingsKey(space: string): Deno.KvKey {
  return [tenant(space), "np"];
}

/** `{v}`: notifications of a space are kept no longer from then on. */
export function notificationSweepKey(
  dueAtMs: number,
  space: string,
): Deno.KvKey {
  return ["sys", "nx", dueAtMs, tenant(space)];
}

/** The spaces whose notifications are due before a time, longest due first. */
export function notificationSweeps(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "nx"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Time and space out of a key that `notificationSweepKey` built. */
export function parseNotificationSweepKey(
  key: Deno.KvKey,
): { dueAtMs: number; space: string } {
  return { dueAtMs: Number(key[2]), space: String(key[3]) };
}

/** `{v, user, at}`: somebody is to be told of the end of a run. */
export function backgroundRunKey(space: string, run: string): Deno.KvKey {
  return [tenant(space), "rb", run];
}

/** A batch of requests. */
export function batchKey(space: string, batch: string): Deno.KvKey {
  return [tenant(space), "b", batch];
}

/** The batches of a space made before the given one (null: all), by id, which is by time. */
export function batchesBefore(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "b"], before);
}

/** The batches of a space made after the given one. */
export function batchesAfter(
  space: string,
  after: string,
): Deno.KvListSelector {
  return idsAfter([tenant(space), "b"], after);
}

/** `{v, line, offset, completed, failed, …}`: how far a batch is, written by whoever does it. */
export function batchProgressKey(space: string, batch: string): Deno.KvKey {
  return [tenant(space), "bp", batch];
}

/** Files that the results of a batch go to. */
export type BatchResultKind = "output" | "error";

/** `{v, text | blob}`: what a line of a batch has come to, until its files are made. */
export function batchResultKey(
  space: string,
  batch: string,
  kind: BatchResultKind,
  line: number,
): Deno.KvKey {
  return [tenant(space), "br", batch, kind, line];
}

/** The results of a batch of one kind, by line, from one on. */
export function batchResults(
  space: string,
  batch: string,
  kind: BatchResultKind,
  fromLine = 0,
): Deno.KvListSelector {
  const prefix = [tenant(space), "br", batch, kind];
  return { prefix, start: [...prefix, fromLine] };
}

/** Line out of a key that `batchResultKey` built. */
export function parseBatchResultKey(key: Deno.KvKey): number {
  return Number(key[4]);
}

/** A document's record. */
export function documentKey(space: string, document: string): Deno.KvKey {
  return [tenant(space), "d", document];
}

/** The documents of a space, made before the given one (null: all). */
export function documents(
  space: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "d"], before);
}

/** `{v}`: a document that is knowledge of a project. */
export function projectDocumentKey(
  space: string,
  project: string,
  document: string,
): Deno.KvKey {
  return [tenant(space), "dp", project, document];
}

/** The documents of a project, made before the given one (null: all). */
export function projectDocuments(
  space: string,
  project: string,
  before: string | null,
): Deno.KvListSelector {
  return idsBefore([tenant(space), "dp", project], before);
}

/** Document out of a key that `projectDocumentKey` built. */
export function parseProjectDocumentKey(key: Deno.KvKey): string {
  return String(key[3]);
}

/** `{v, offset, size, expiresAtMs, token}`: how much of a document has been uploaded. */
export function uploadKey(space: string, document: string): Deno.KvKey {
  return [tenant(space), "du", document];
}

/** `{v, bytes}`: bytes of an upload from an offset on. */
export function uploadPartKey(
  space: string,
  document: string,
  offset: number,
): Deno.KvKey {
  return [tenant(space), "dw", document, offset];
}

/** Offset out of a key that `uploadPartKey` built. */
export function parseUploadPartKey(key: Deno.KvKey): number {
  return Number(key[3]);
}

/** The parts of an upload in their order, from the one with an offset on. */
export function uploadParts(
  space: string,
  document: string,
  offset = 0,
): Deno.KvListSelector {
  const prefix = [tenant(space), "dw", document];
  return { prefix, start: [...prefix, offset] };
}

/** `{v}`: an upload that is given up when it is not done by then. */
export function uploadExpiryKey(
  dueAtMs: number,
  space: string,
  document: string,
): Deno.KvKey {
  return ["sys", "dx", dueAtMs, tenant(space), document];
}

/** The uploads that are given up before a time, longest due first. */
export function uploadExpiries(beforeMs: number): Deno.KvListSelector {
  const prefix = ["sys", "dx"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** Space and document out of a key that `uploadExpiryKey` built. */
export function parseUploadExpiryKey(
  key: Deno.KvKey,
): { space: string; document: string } {
  return { space: String(key[3]), document: String(key[4]) };
}

/** How far the work on a document is: its cursor, and where its state is. */
export function documentWorkKey(space: string, document: string): Deno.KvKey {
  return [tenant(space), "di", document];
}

/** `{v, job}`: the job that works on a document, or did last. */
export function documentJobKey(space: string, document: string): Deno.KvKey {
  return [tenant(space), "dj", document];
}

/** `{v, bytes}`: part of what the work on a document goes on with, or of its profile; under a fresh id. */
export function documentStateKey(
  space: string,
  document: string,
  id: string,
  part: number,
): Deno.KvKey {
  return [tenant(space), "dz", document, id, part];
}

/** All such parts of a document. */
export function documentStates(
  space: string,
  document: string,
): Deno.KvListSelector {
  return { prefix: [tenant(space), "dz", document] };
}

/** `{v, chunks}`: chunks of a document from a number on. */
export function chunkPageKey(
  space: string,
  document: string,
  first: number,
): Deno.KvKey {
  return [tenant(space), "dk", document, first];
}

/** The pages of a document's chunks from a number on. */
export function chunkPages(
  space: string,
  document: string,
  from = 0,
): Deno.KvListSelector {
  const prefix = [tenant(space), "dk", document];
  return { prefix, start: [...prefix, from] };
}

/** The pages of a document's chunks up to the one that begins with a number. */
export function chunkPagesUpTo(
  space: string,
  document: string,
  number: number,
): Deno.KvListSelector {
  const prefix = [tenant(space), "dk", document];
  return { prefix, end: [...prefix, number + 1] };
}

/** Number of the first chunk out of a key that `chunkPageKey` built. */
export function parseChunkPageKey(key: Deno.KvKey): number {
  return Number(key[3]);
}

/** `{v, token}`: overwritten by whoever removes rows of a deleted document. */
export function documentRemovalKey(
  space: string,
  document: string,
): Deno.KvKey {
  return [tenant(space), "dr", document];
}

/** `{v}`: a document that is whole, and not indexed yet. */
export function pendingDocumentKey(
  space: string,
  document: string,
): Deno.KvKey {
  return ["sys", "dq", tenant(space), document];
}

/** Such documents behind a place (null: all). */
export function pendingDocumentsAfter(
  place: { space: string; document: string } | null,
): Deno.KvListSelector {
  const prefix = ["sys", "dq"];
  if (place === null) return { prefix };
  return { prefix, start: [...prefix, place.space, `${place.document}\0`] };
}

/** Space and document out of a key that `pendingDocumentKey` built. */
export function parsePendingDocumentKey(
  key: Deno.KvKey,
): { space: string; document: string } {
  return { space: String(key[2]), document: String(key[3]) };
}

/** `{v, segments, token}`: which segments the search index of a space's documents has. */
export function documentIndexKey(space: string): Deno.KvKey {
  return [tenant(space), "ds"];
}

/** `{v, bytes}`: an immutable part of a segment of that index; parts count from 0. */
export function documentSegmentKey(
  space: string,
  segment: string,
  part: number,
): Deno.KvKey {
  return [tenant(space), "dg", segment, part];
}

/** Parts of segments of that index, as `searchSegments` gives them. */
export function documentSegments(
  space: string,
  after: string | null,
  itself = false,
): Deno.KvListSelector {
  const prefix = [tenant(space), "dg"];
  if (after === null) return { prefix };
  return { prefix, start: [...prefix, itself ? after : `${after}\0`] };
}

/** `{v, token}`: overwritten by whoever deletes segments of that index that are not in use. */
export function documentSweepKey(space: string): Deno.KvKey {
  return [tenant(space), "dv"];
}

/** `{v, …}`: how a process does, written by itself. */
export function healthProcessKey(process: string): Deno.KvKey {
  return ["sys", "hp", process];
}

/** The rows of all processes, those that are gone included. */
export function healthProcesses(): Deno.KvListSelector {
  return { prefix: ["sys", "hp"] };
}

/** Process out of a key that `healthProcessKey` built. */
export function parseHealthProcessKey(key: Deno.KvKey): string {
  return String(key[2]);
}

/** `{v, points}`: how a process did in the minutes of an hour. */
export function healthHourKey(hourMs: number, process: string): Deno.KvKey {
  return ["sys", "hh", hourMs, process];
}

/** Such rows of hours that begin at a time or later, oldest first. */
export function healthHours(fromMs: number): Deno.KvListSelector {
  return {
    start: ["sys", "hh", fromMs],
    end: ["sys", "hh", Number.MAX_SAFE_INTEGER],
  };
}

/** Beginning of the hour and process out of a key that `healthHourKey` built. */
export function parseHealthHourKey(
  key: Deno.KvKey,
): { hourMs: number; process: string } {
  return { hourMs: Number(key[2]), process: String(key[3]) };
}

/** `{v, holder, token}`: the incarnation that looks after alerts; each write of an alert's state checks it. */
export function alertLeaseKey(): Deno.KvKey {
  return ["sys", "alle"];
}

/** `{v, version, rules, silences, token}`: what was set of the alerts of a workspace, or of `server`. */
export function alertSettingsKey(scope: string): Deno.KvKey {
  return ["sys", "alse", scope];
}

/** What was set of all alerts. */
export function allAlertSettings(): Deno.KvListSelector {
  return { prefix: ["sys", "alse"] };
}

/** `{v, facts, state}`: an alert that waits to fire or fires. */
export function alertStateKey(
  scope: string,
  rule: string,
  series: string,
): Deno.KvKey {
  return ["sys", "alst", scope, rule, series];
}

/** The alerts of a workspace, or of `server`; null: all. */
export function alertStates(scope: string | null): Deno.KvListSelector {
  return { prefix: ["sys", "alst", ...(scope === null ? [] : [scope])] };
}

/** `{v, facts, …}`: an alert that fired and is over. `mark` parts what ended in one millisecond. */
export function endedAlertKey(
  scope: string,
  endedAtMs: number,
  mark: string,
): Deno.KvKey {
  return ["sys", "alen", scope, endedAtMs, mark];
}

/** The alerts of a workspace (or of `server`) that ended before a place in their order (null: all). */
export function endedAlerts(
  scope: string,
  before: { atMs: number; mark: string } | null,
): Deno.KvListSelector {
  const prefix = ["sys", "alen", scope];
  return before === null
    ? { prefix }
    : { prefix, end: [...prefix, before.atMs, before.mark] };
}

/** Time and mark out of a key that `endedAlertKey` built. */
export function parseEndedAlertKey(
  key: Deno.KvKey,
): { atMs: number; mark: string } {
  return { atMs: Number(key[3]), mark: String(key[4]) };
}

/** `{v, metric, name, detail, untilMs}`: what an event of a workspace has told that an alert is about. */
export function toldSignalKey(
  workspace: string,
  subject: string,
  metric: string,
  period: string,
): Deno.KvKey {
  return ["sys", "alev", tenant(workspace), subject, metric, period];
}

/** Such rows of a subject in a workspace; null: of all. */
export function toldSignals(
  of: { workspace: string; subject: string | null } | null,
): Deno.KvListSelector {
  const prefix: Deno.KvKey = ["sys", "alev"];
  if (of === null) return { prefix };
  const own = [...prefix, tenant(of.workspace)];
  return { prefix: of.subject === null ? own : [...own, of.subject] };
}

/** Workspace, subject, measure and period out of a key that `toldSignalKey` built. */
export function parseToldSignalKey(
  key: Deno.KvKey,
): { workspace: string; subject: string; metric: string; period: string } {
  const [, , workspace, subject, metric, period] = key.map(String);
  return { workspace, subject, metric, period };
}

/** `{v, atMs, faults}`: what the last check of a backup has found. */
export function backupCheckKey(backup: string): Deno.KvKey {
  return ["sys", "bkck", backup];
}

/** `{v, baseline, scannedMs, open, token}`: what is usual in a workspace, and what is not at the moment. */
export function anomalyStateKey(workspace: string): Deno.KvKey {
  return [tenant(workspace), "anst"];
}

/** An anomaly by its first hour, in milliseconds since 1970 UTC. */
export function anomalyKey(
  workspace: string,
  startMs: number,
  id: string,
): Deno.KvKey {
  return [tenant(workspace), "an", startMs, id];
}

/** The anomalies of a workspace before one of them in their order; null: all. */
export function anomalies(
  workspace: string,
  before: { startMs: number; id: string } | null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "an"];
  return before === null
    ? { prefix }
    : { prefix, end: [...prefix, before.startMs, before.id] };
}

/** The anomalies of a workspace that began before a time. */
export function anomaliesBefore(
  workspace: string,
  beforeMs: number,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "an"];
  return { prefix, end: [...prefix, beforeMs] };
}

/** `{v, dimension, key, metrics}`: what is usual of one thing, by the version of the fitting. */
export function baselineKey(
  workspace: string,
  version: number,
  dimension: string,
  key: string,
): Deno.KvKey {
  return [tenant(workspace), "anbl", version, dimension, key];
}

/** What is usual by one fitting; null: by all that are there. */
export function baselines(
  workspace: string,
  version: number | null,
): Deno.KvListSelector {
  const prefix = [tenant(workspace), "anbl"];
  return { prefix: version === null ? prefix : [...prefix, version] };
}

/** Version out of a key that `baselineKey` built. */
export function parseBaselineKey(key: Deno.KvKey): number {
  return Number(key[2]);
}

/** `{v, at}`: a process has somebody who looks at what goes on now. Lives for seconds. */
export function liveNowWantedKey(incarnation: string): Deno.KvKey {
  return ["sys", "lnw", incarnation];
}

/** All processes with somebody who looks at what goes on now. */
export function liveNowWanted(): Deno.KvListSelector {
  return { prefix: ["sys", "lnw"] };
}

/** `{v, at, users}`: what a process executes now for a workspace. Lives for seconds. */
export function liveNowKey(workspace: string, incarnation: string): Deno.KvKey {
  return [tenant(workspace), "ln", incarnation];
}

/** What all processes execute now for a workspace. */
export function liveNowRows(workspace: string): Deno.KvListSelector {
  return { prefix: [tenant(workspace), "ln"] };
}

/** `{v, version, set, token}`: settings of the server that were set while it ran. */
export function serverSettingsKey(): Deno.KvKey {
  return ["sys", "sset"];
}
