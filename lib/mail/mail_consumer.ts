/**
 * Mails that follow from events. A consumer: the mails of an event are stored in the same commit as the
 * cursor behind it, so each is there once, whichever process reads the event.
 */
import type { ConsumedEvent, Consumer } from "@/lib/events/consumer.ts";
import type { UnitOfWork } from "@/lib/kv/unit_of_work.ts";
import { budgetExceededMail, budgetWarnedMail } from "./budget_mails.ts";
import type { Mail, MailContent } from "./mail.ts";
import type { Mailer } from "./mailer.ts";

/** Someone who may get a mail. */
export interface Recipient {
  /** `usr_` id. */
  readonly id: string;
  readonly email: string;
}

/** Whom events are told to, and how things are called there. */
export interface Audience {
  /** Admins and owners of a workspace that have an address. */
  admins(workspace: string, signal: AbortSignal): Promise<Recipient[]>;
  /** A user who has an address, or null. */
  user(id: string): Promise<Recipient | null>;
  /** Name of a workspace. */
  workspaceName(id: string): Promise<string>;
  /** Whom a limit is for, in words, such as `the person Ann`. */
  subjectWords(workspace: string, subject: string): Promise<string>;
  /** Address of a page; null: the server has no public one. */
  page(path: string): string | null;
}

/** Mails after which a step ends; each takes some kilobytes of the commit. */
const MAILS_PER_STEP = 8;
/** Admins that are told of one event, at most. */
const MOST_ADMINS = 8;

export class MailConsumer implements Consumer {
  readonly name = "mail";
  readonly #mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  readonly #audience: Audience;

  constructor(
    mailer: Pick<Mailer, "isOn" | "add" | "wake">,
    audience: Audience,
  ) {
    this.#mailer = mailer;
    this.#audience = audience;
  }

  async handle(
    events: readonly ConsumedEvent[],
    unit: UnitOfWork,
    signal: AbortSignal,
  ): Promise<number> {
    if (!this.#mailer.isOn) return events.length;
    let stored = 0;
    for (const [index, event] of events.entries()) {
      const mails = await this.#mailsOf(event, signal);
      for (const mail of mails) await this.#mailer.add(unit, mail);
      stored += mails.length;
      if (stored >= MAILS_PER_STEP) return index + 1;
    }
    return events.length;
  }

  /** Events that were missed are told to nobody: what they warn of is over. */
  resync(): Promise<null> {
    return Promise.resolve(null);
  }

  committed(): Promise<void> {
    this.#mailer.wake();
    return Promise.resolve();
  }

  async #mailsOf(
    { space: workspace, versionstamp, index, event }: ConsumedEvent,
    signal: AbortSignal,
  ): Promise<Mail[]> {
    const template = TEMPLATES[event.type];
    if (template === undefined) return [];
    const { subject, data, type } = event;
    const audience = this.#audience;
    const [admins, user, name, words] = await Promise.all([
      audience.admins(workspace, signal),
      subject.startsWith("user:")
        ? audience.user(subject.slice("user:".length))
        : null,
      audience.workspaceName(workspace),
      audience.subjectWords(workspace, subject),
    ]);
    const content = template({
      subject: words,
      workspace: name,
      period: String(data.period),
      spentMicroUsd: amount(data.spentMicroUsd),
      limitMicroUsd: amount(data.limitMicroUsd),
      spentTokens: amount(data.spentTokens),
      limitTokens: amount(data.limitTokens),
      resetsAt: typeof data.resetsAt === "string"
        ? Date.parse(data.resetsAt)
        : null,
      link: audience.page("/admin/budgets"),
    });
    const told = new Map(
      [...admins.slice(0, MOST_ADMINS), ...(user === null ? [] : [user])]
        .map((recipient) => [recipient.id, recipient]),
    );
    return [...told.values()].map(({ id, email }) => ({
      ...content,
      id: `${type}.${versionstamp}.${index}.${id}`,
      workspace,
      to: email,
    }));
  }
}

type Template = (facts: Parameters<typeof budgetWarnedMail>[0]) => MailContent;

/** By type of the event. */
const TEMPLATES: Readonly<Record<string, Template>> = {
  "budget.warned": budgetWarnedMail,
  "budget.exceeded": budgetExceededMail,
};

function amount(value: unknown): number | null {
  return typeof value === "number" ? value : null;
}
