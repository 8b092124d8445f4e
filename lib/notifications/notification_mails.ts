/** Mails about notifications, for those who want them. */
import type { Consumer } from "@/lib/events/consumer.ts";
import { renderLetter } from "@/lib/mail/letter.ts";
import type { Mailer } from "@/lib/mail/mailer.ts";
import { notificationTitle } from "@/lib/shared/notification_events.ts";
import { userOf, workspaceOf } from "@/lib/shared/spaces.ts";
import { constantId } from "./notification_id.ts";
import type { Notice } from "./notification_record.ts";

type Unit = Parameters<Consumer["handle"]>[1];

export interface NotificationMailParts {
  mailer: Pick<Mailer, "isOn" | "add" | "wake">;
  /** Where mails to a user go; null: nowhere. */
  address: (user: string) => Promise<string | null>;
  /** Title of a thread; null: it is gone. */
  threadTitle: (space: string, thread: string) => Promise<string | null>;
  /** Address of a page; null: the server has no public one. */
  page: (path: string) => string | null;
}

export class NotificationMails {
  readonly #parts: NotificationMailParts;

  constructor(parts: NotificationMailParts) {
    this.#parts = parts;
  }

  /** Adds a mail to the unit; nothing where mails cannot be sent, or the user has no address. */
  async add(unit: Unit, notice: Notice): Promise<void> {
    const { mailer, address, threadTitle, page } = this.#parts;
    const { space, event, at, cause, href, text, thread } = notice;
    const user = userOf(space);
    if (!mailer.isOn || user === null) return;
    const to = await address(user);
    if (to === null) return;
    const about = thread === null
      ? notice.about
      : await threadTitle(space, thread) ??
        (notice.about || "a thread that was deleted");
    const title = notificationTitle(event, about, 1);
    const url = href === null ? null : page(href);
    const settings = page("/settings#notifications");
    const how = settings === null ? "in your settings" : `at ${settings}`;
    await mailer.add(unit, {
      id: constantId("notification", at, `${space} ${cause}`),
      workspace: workspaceOf(space),
      to,
      kind: "notification",
      subject: title,
      ...renderLetter({
        title,
        paragraphs: text === null ? [] : [text],
        ...(url === null ? {} : { action: { label: "Open it", url } }),
        closing:
          `You get this mail because you want to be told of this. Change that ${how}.`,
      }),
    });
  }

  /** Sends what was added, without waiting for the next look. */
  wake(): void {
    this.#parts.mailer.wake();
  }
}
