/** Takes mails, and sends them from the store, where they outlive the process. */
import { sleep } from "@/lib/clock.ts";
import { NextRing, orSleep } from "@/lib/events/wake.ts";
import { Bell } from "@/lib/kv/bell.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import type { Logger } from "@/lib/observe/log.ts";
import type { Mail } from "./mail.ts";
import type { LoadedMail, MailOutcome, MailStore } from "./mail_store.ts";
import { retryDelayMs, TRIED_FOR_MS } from "./retry_delay.ts";
import { MailRefused, type MailTransport } from "./transport.ts";

/** How often mails of other processes are looked for, in milliseconds. */
const POLL_MS = 1_000;
/** Mails sent at the same time. */
const AT_A_TIME = 4;
/** How long a server may take for one mail, in milliseconds. */
const SEND_DEADLINE_MS = 60_000;
/** How long to wait when the store fails, in milliseconds. */
const PAUSE_MS = 2_000;

export interface MailerOptions {
  store: Store;
  mails: MailStore;
  /** Null: no mail can be sent. */
  transport: MailTransport | null;
  log: Logger;
  /** From 0 to 1. */
  random?: () => number;
  sendDeadlineMs?: number;
}

export class Mailer {
  readonly #options: MailerOptions;
  readonly #bell = new Bell();
  readonly #stopped = new AbortController();
  /** Ends what is being sent, once waiting for it is over. */
  readonly #cut = new AbortController();
  /** `workspace/mail` of what this process is sending now. */
  readonly #sending = new Set<string>();
  #loop: Promise<void> = Promise.resolve();
  #hasWarned = false;

  constructor(options: MailerOptions) {
    this.#options = options;
  }

  /** Whether mails can be sent. Where not, show the link that the mail would have had. */
  get isOn(): boolean {
    return this.#options.transport !== null;
  }

  /**
   * Stores a mail, which is sent soon after, by this process or another. A mail of an id that was sent
   * before is not sent again. Does nothing, beyond one warning in the log, where no transport is set.
   * @throws {TypeError} when the mail cannot be sent as it is
   * @throws {StorageError} when it could not be stored
   */
  async send(mail: Mail, signal?: AbortSignal): Promise<void> {
    if (!this.#isWanted()) return;
    await this.#options.mails.create(mail, signal);
    this.#bell.ring();
  }

  /**
   * Adds a mail to the unit that makes it necessary, so that there is none without the other; nothing
   * where no transport is set. Its id must be new. Call `wake` after the commit.
   * @throws {TypeError} when the mail cannot be sent as it is
   */
  async add(unit: UnitOfWork, mail: Mail): Promise<UnitOfWork> {
    return this.#isWanted() ? await this.#options.mails.add(unit, mail) : unit;
  }

  /** Sends what was added, without waiting for the next look. */
  wake(): void {
    this.#bell.ring();
  }

  /** Begins to send. */
  start(): void {
    const { store, transport } = this.#options;
    if (transport === null || store.readOnly) return;
    this.#loop = this.#run(transport);
  }

  /** Ends: mails on their way get that long, in milliseconds, the others wait for the next process. */
  async stop(deadlineMs: number): Promise<void> {
    this.#stopped.abort();
    const cancel = setTimeout(() => this.#cut.abort(), deadlineMs);
    await this.#loop;
    clearTimeout(cancel);
  }

  #isWanted(): boolean {
    if (this.isOn) return true;
    if (!this.#hasWarned) {
      this.#hasWarned = true;
      this.#options.log.warn(
        "Mail cannot be sent: SMTP_URL is not set. Links are shown to admins instead",
      );
    }
    return false;
  }

  async #run(transport: MailTransport): Promise<void> {
    const { signal } = this.#stopped;
    const { store, log } = this.#options;
    const ring = new NextRing(this.#bell, signal);
    while (!signal.aborted) {
      // Armed before the look: a ring during it is not lost.
      const rung = ring.arm();
      try {
        const sent = await this.#look(transport, signal);
        if (sent === 0) await orSleep(store, rung, POLL_MS, signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn("Mails could not be looked at", { error });
        await sleep(store.clock, PAUSE_MS, signal);
      }
    }
  }

  /** Sends what is due. @returns how many mails were this process's to send */
  async #look(transport: MailTransport, signal: AbortSignal): Promise<number> {
    const { mails } = this.#options;
    let sent = 0;
    const due = await mails.due(100, signal);
    const next = due.values();
    // Each takes the next one that is due, so that a slow one does not hold up the rest.
    const lane = async () => {
      for (const row of next) {
        if (signal.aborted) return;
        const name = `${row.workspace}/${row.mail}`;
        const isOurs = this.#sending.has(name);
        const claimed = await mails.claim(row, isOurs, signal);
        if (claimed === null) continue;
        this.#sending.add(name);
        try {
          const outcome = await this.#attempt(transport, claimed);
          await this.#settle(claimed, outcome);
          sent += 1;
        } finally {
          this.#sending.delete(name);
        }
      }
    };
    const ends = await Promise.allSettled(
      Array.from({ length: AT_A_TIME }, lane),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
    return sent;
  }

  /**
   * Writes what became of an attempt, however long the store takes: a mail whose end is not known to the
   * store would be sent again.
   */
  async #settle(claimed: LoadedMail, outcome: MailOutcome): Promise<void> {
    const { store, mails, log } = this.#options;
    while (true) {
      try {
        await mails.settle(claimed, outcome);
        this.#tell(claimed, outcome);
        return;
      } catch (error) {
        if (this.#stopped.signal.aborted) throw error;
        log.warn("What became of a mail could not be stored", { error });
        await sleep(store.clock, PAUSE_MS, this.#stopped.signal);
      }
    }
  }

  async #attempt(
    transport: MailTransport,
    loaded: LoadedMail,
  ): Promise<MailOutcome> {
    const { store, mails } = this.#options;
    const { id, kind, to, subject, madeAt, expiresAt } = loaded.record;
    if (expiresAt !== null && expiresAt <= store.clock.now()) {
      return { state: "dead", error: "It was of no use any more." };
    }
    const parts = await mails.parts(loaded);
    if (parts === null) {
      return {
        state: "dead",
        error: "It cannot be read: FRESHET_SECRET is another one now.",
      };
    }
    const messageId = `${id}@${transport.domain}`;
    try {
      await transport.send(
        { kind, to, subject, ...parts, madeAt, messageId },
        this.#deadline(),
      );
      return { state: "sent" };
    } catch (cause) {
      return this.#afterFailure(loaded, cause);
    }
  }

  #afterFailure({ record }: LoadedMail, cause: unknown): MailOutcome {
    const { store, random = Math.random } = this.#options;
    const now = store.clock.now();
    const error = cause instanceof Error ? cause.message : String(cause);
    if (this.#cut.signal.aborted) {
      return { state: "queued", dueAt: now, error: "The server was stopping." };
    }
    const dueAt = now + retryDelayMs(record.attempts, random());
    const isOver = cause instanceof MailRefused ||
      dueAt - record.madeAt > TRIED_FOR_MS;
    return isOver
      ? { state: "dead", error }
      : { state: "queued", dueAt, error };
  }

  #deadline(): AbortSignal {
    return AbortSignal.any([
      this.#cut.signal,
      AbortSignal.timeout(this.#options.sendDeadlineMs ?? SEND_DEADLINE_MS),
    ]);
  }

  #tell({ record }: LoadedMail, outcome: MailOutcome): void {
    const fields = {
      mail: record.id,
      kind: record.kind,
      attempts: record.attempts,
    };
    if (outcome.state === "dead") {
      this.#options.log.error("Mail was not sent", {
        ...fields,
        reason: outcome.error,
      });
    } else if (outcome.state === "queued") {
      this.#options.log.warn("Mail could not be sent and is tried again", {
        ...fields,
        reason: outcome.error,
      });
    } else this.#options.log.info("Mail was sent", fields);
  }
}
