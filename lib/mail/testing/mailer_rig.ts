/** A mailer over a test store, and a transport that does as it is told. */
import { Secrets } from "@/lib/secrets/secrets.ts";
import { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import { silentLogger } from "@/lib/observe/log.ts";
import type { Mail } from "../mail.ts";
import { type MailRecord, MailStore } from "../mail_store.ts";
import { Mailer } from "../mailer.ts";
import type { MailTransport, OutgoingMail } from "../transport.ts";

export const WORKSPACE = "wsp_1";

export const MAIL: Mail = {
  id: "mail-1",
  workspace: WORKSPACE,
  kind: "invitation",
  to: "jane@example.org",
  subject: "Hello",
  text: "Hello https://example.org/invite#secret",
  html: "<p>Hello</p>",
};

/** Takes every mail, unless `answer` throws. */
export class ScriptedTransport implements MailTransport {
  readonly domain = "example.org";
  /** What was handed over, whatever became of it. */
  readonly tries: OutgoingMail[] = [];
  answer: (mail: OutgoingMail, signal: AbortSignal) => void | Promise<void> =
    () => {};

  async send(mail: OutgoingMail, signal: AbortSignal): Promise<void> {
    this.tries.push(mail);
    await this.answer(mail, signal);
  }
}

/** A process that sends mails of a store. */
export async function mailProcess(
  store: Store,
  transport: MailTransport | null,
  options: { random?: () => number; sendDeadlineMs?: number } = {},
) {
  const owner = await Owner.start(store);
  const mails = new MailStore(store, () => owner.incarnation, sealer());
  const log = silentLogger();
  const mailer = new Mailer({ store, mails, transport, log, ...options });
  return { owner, mails, mailer };
}

/** Seals alike in every process. */
export function sealer() {
  return new Secrets(() => Promise.resolve("a secret of these tests"))
    .forPurpose("mail");
}

/** Resolves with the newest mail once it is as wanted. */
export async function untilMail(
  store: Store,
  mails: MailStore,
  isWanted: (record: MailRecord) => boolean,
): Promise<MailRecord> {
  while (true) {
    const [newest] = await mails.page(WORKSPACE, null, 1);
    if (newest !== undefined && isWanted(newest)) return newest;
    await new Promise<void>((resolve) => store.clock.after(20, resolve));
  }
}
