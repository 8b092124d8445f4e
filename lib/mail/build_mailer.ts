/** Builds the sending of mails from the settings. */
import type { Secrets } from "@/lib/secrets/secrets.ts";
import type { Config } from "@/lib/config.ts";
import type { Owner } from "@/lib/kv/owner.ts";
import type { Store } from "@/lib/kv/store.ts";
import type { Logger } from "@/lib/observe/log.ts";
import { MailStore } from "./mail_store.ts";
import { Mailer } from "./mailer.ts";
import { SmtpTransport } from "./smtp_transport.ts";

export interface MailerParts {
  store: Store;
  config: Pick<Config, "mail" | "secret" | "storePath">;
  owner: Pick<Owner, "incarnation">;
  secrets: Secrets;
  log: Logger;
}

/**
 * Mails wait encrypted. A server that has no data folder and no `FRESHET_SECRET` has nothing to encrypt
 * with, so it sends none, and says so once.
 */
export function buildMailer(
  { store, config, owner, secrets, log }: MailerParts,
): { mailer: Mailer; mails: MailStore } {
  const { mail } = config;
  const canEncrypt = config.secret !== null || config.storePath !== null;
  if (mail !== null && !canEncrypt) {
    log.warn("Mail cannot be sent: set FRESHET_SECRET, which encrypts it");
  }
  const mails = new MailStore(
    store,
    () => owner.incarnation,
    secrets.forPurpose("mail"),
  );
  const transport = mail === null || !canEncrypt
    ? null
    : new SmtpTransport(mail);
  return { mails, mailer: new Mailer({ store, mails, transport, log }) };
}
