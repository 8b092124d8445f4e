/**
 * Takes the audit events out of the outbox into the chains of their workspaces, in the order of their
 * commits. A consumer of events: whatever it appends commits together with its cursor and checks the end
 * of the chain, so of all processes one at a time gets through, and each event is in its chain once.
 */
import { workspaceOf } from "@/lib/shared/spaces.ts";
import {
  type ConsumedEvent,
  type Consumer,
  MAX_CONSUMER_CHECKS,
  type TrimRecord,
} from "@/lib/events/consumer.ts";
import * as keys from "@/lib/kv/keys.ts";
import type { EnvelopeRecord, OutboxEvent } from "@/lib/kv/outbox.ts";
import { get, list } from "@/lib/kv/reads.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Logger } from "@/lib/observe/log.ts";
import {
  appendFacts,
  type AuditFact,
  type AuditPage,
  EMPTY_CHAIN,
} from "./audit_chain.ts";
import { auditEvent, readAuditData } from "./audit_event.ts";
import { type AuditHead, readHead } from "./audit_rows.ts";

/** Bytes of events, as JSON, that one step appends: with the pages they fall into, below what a unit holds. */
const STEP_BYTES = 120 * 1024;
/** Details beyond this, as JSON, are left out; no event that `auditEvent` made has as many. */
const MAX_DETAIL_CHARACTERS = 12_000;
/** Envelopes read at a time when starting anew. */
const ENVELOPES_PER_STEP = 16;

/** Audit events of one atomic and one space: they are sealed together. */
interface Envelope {
  workspace: string;
  versionstamp: string;
  facts: AuditFact[];
  bytes: number;
  /** Events up to its end, those that are not for the log counted too. */
  upTo: number;
}

export class AuditSealer implements Consumer {
  readonly name = "audit";
  readonly #store: Store;
  readonly #log: Logger;

  constructor(store: Store, log: Logger) {
    this.#store = store;
    this.#log = log;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<number> {
    const taken = new Map<string, Envelope[]>();
    let bytes = 0;
    let count = 0;
    for (const envelope of this.#envelopes(events)) {
      const { workspace } = envelope;
      if (envelope.facts.length > 0) {
        const isMore = !taken.has(workspace) &&
          taken.size === MAX_CONSUMER_CHECKS;
        if (count > 0 && (isMore || bytes + envelope.bytes > STEP_BYTES)) break;
        const own = taken.get(workspace) ?? [];
        taken.set(workspace, [...own, envelope]);
        bytes += envelope.bytes;
      }
      count = envelope.upTo;
    }
    for (const [workspace, envelopes] of taken) {
      const head = await readHead(this.#store, workspace, signal);
      await this.#append(unit, workspace, head, envelopes, signal);
    }
    return count;
  }

  /** Seals what the envelopes of each workspace have beyond the end of its chain. */
  async resync(
    place: string | null,
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<string | null> {
    const [last, after] = place === null
      ? [null, null]
      : JSON.parse(place) as [string, string | null];
    const workspace = after === null ? await this.#next(last, signal) : last;
    if (workspace === null) return null;
    const head = await readHead(this.#store, workspace, signal);
    const from = after ?? head.value?.vs ?? null;
    const rows = await Array.fromAsync(
      list<EnvelopeRecord>(this.#store, keys.eventsAfter(workspace, from), {
        limit: ENVELOPES_PER_STEP,
        signal,
      }),
    );
    const envelopes: Envelope[] = [];
    const gap = after === null
      ? await this.#gap(workspace, head.value, signal)
      : null;
    if (gap !== null) envelopes.push(gap);
    let bytes = 0;
    for (const { key, value } of rows) {
      const envelope = this.#envelope(
        workspace,
        keys.parseEventsKey(key),
        value.gen,
        value.ev,
        0,
      );
      if (bytes > 0 && bytes + envelope.bytes > STEP_BYTES) break;
      bytes += envelope.bytes;
      envelopes.push(envelope);
    }
    await this.#append(unit, workspace, head, envelopes, signal);
    const reached = envelopes.at(-1)?.versionstamp ?? from;
    const isDone = rows.length < ENVELOPES_PER_STEP &&
      envelopes.length === rows.length + (gap === null ? 0 : 1);
    return JSON.stringify([workspace, isDone ? null : reached]);
  }

  *#envelopes(events: readonly ConsumedEvent[]): Generator<Envelope> {
    let from = 0;
    while (from < events.length) {
      const { space, versionstamp } = events[from];
      let to = from;
      while (
        to < events.length && events[to].space === space &&
        events[to].versionstamp === versionstamp
      ) to += 1;
      yield this.#envelope(
        space,
        versionstamp,
        this.#store.generation,
        events.slice(from, to).map(({ event }) => event),
        to,
      );
      from = to;
    }
  }

  #envelope(
    space: string,
    versionstamp: string,
    generation: string,
    events: readonly OutboxEvent[],
    upTo: number,
  ): Envelope {
    const facts: AuditFact[] = [];
    for (const [index, event] of events.entries()) {
      const fact = auditFact(event, `${generation}.${versionstamp}.${index}`);
      if (fact !== null) facts.push(fact);
    }
    if (facts.length > 0 && space !== workspaceOf(space)) {
      // Whoever emitted it chose the wrong space; the log of the workspace cannot find it again.
      this.#log.error("Audit event is in a space that has no audit log", {
        space,
        type: facts[0].type,
      });
      facts.length = 0;
    }
    return {
      workspace: space,
      versionstamp,
      facts,
      bytes: facts.length === 0 ? 0 : JSON.stringify(facts).length,
      upTo,
    };
  }

  async #append(
    unit: UnitOfWork,
    workspace: string,
    { value: head, versionstamp }: Deno.KvEntryMaybe<AuditHead>,
    envelopes: readonly Envelope[],
    signal: AbortSignal,
  ): Promise<void> {
    const { generation } = this.#store;
    // A head of another generation holds nothing of this one.
    const held = head?.gen === generation ? head.vs : "";
    const fresh = envelopes.filter((envelope) =>
      envelope.facts.length > 0 && envelope.versionstamp > held
    );
    if (fresh.length === 0) return;
    const last = head === null || head.page < 0 ? null : await get<AuditPage>(
      this.#store,
      keys.auditPageKey(workspace, head.page),
      { signal },
    );
    const { end, pages } = appendFacts(
      workspace,
      head ?? EMPTY_CHAIN,
      last?.value ?? null,
      fresh.flatMap(({ facts }) => facts),
    );
    for (const { page, value } of pages) {
      unit.set(keys.auditPageKey(workspace, page), value);
    }
    const next: AuditHead = {
      v: 1,
      ...end,
      gen: generation,
      vs: fresh[fresh.length - 1].versionstamp,
    };
    unit.guard(keys.auditHeadKey(workspace), versionstamp, next);
    if (head === null) unit.set(keys.auditedKey(workspace), { v: 1 });
  }

  /** An entry that says so where events between the end of the chain and what is left may be gone. */
  async #gap(
    workspace: string,
    head: AuditHead | null,
    signal: AbortSignal,
  ): Promise<Envelope | null> {
    if (head === null) return null;
    const trim = await get<TrimRecord>(
      this.#store,
      keys.eventsTrimKey(workspace),
      { signal },
    );
    const to = trim.value?.vs;
    if (to === undefined || to <= head.vs) return null;
    const event = auditEvent("audit.gap", {
      actor: null,
      subject: workspace,
      details: { from: head.vs, to },
      at: this.#store.clock.now(),
    });
    const id = `${this.#store.generation}.${to}.gap`;
    const facts = [auditFact(event, id)!];
    return { workspace, versionstamp: to, facts, bytes: 0, upTo: 0 };
  }

  async #next(
    workspace: string | null,
    signal: AbortSignal,
  ): Promise<string | null> {
    const rows = list(this.#store, keys.otherWorkspaces(workspace), {
      limit: 1,
      signal,
    });
    for await (const { key } of rows) {
      return workspaceOf(keys.parseSpace(key));
    }
    return null;
  }
}

function auditFact(event: OutboxEvent, id: string): AuditFact | null {
  const data = readAuditData(event);
  if (data === null) return null;
  const { actor, address, details } = data;
  const isTooLong = JSON.stringify(details).length > MAX_DETAIL_CHARACTERS;
  return {
    id,
    at: event.at,
    type: event.type,
    actor,
    subject: event.subject.slice(0, 1_000).toWellFormed(),
    address,
    details: isTooLong ? { cut: true } : details,
  };
}
