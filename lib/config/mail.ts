/** Settings of outgoing mail. */
import { normaliseEmail } from "@/lib/auth/email.ts";
import { ConfigError, wrongSetting as wrong } from "./config_error.ts";

type Env = (name: string) => string | undefined;

/** How mail leaves, and whom it is from. */
export interface MailSettings {
  /** `smtp:` or `smtps:` address of the server, with user and password where it wants them. */
  smtpUrl: string;
  /** `name@example.org` or `Name <name@example.org>`. */
  from: string;
}

function isFrom(text: string): boolean {
  const address = /^[^<>\p{Cc}]*<([^<>]+)>$/u.exec(text)?.[1] ?? text;
  return normaliseEmail(address) !== null;
}

/**
 * Reads how mail leaves; null: it does not.
 * @throws {ConfigError} for the first setting that cannot be used; it never shows a password
 */
export function readMail(env: Env): MailSettings | null {
  const smtpUrl = env("SMTP_URL");
  if (!smtpUrl) return null;
  const from = env("MAIL_FROM");
  const url = URL.canParse(smtpUrl) ? new URL(smtpUrl) : null;
  if (
    url === null || !/^smtps?:$/.test(url.protocol) || url.hostname === ""
  ) {
    // The value may hold a password, also where it is no address.
    throw new ConfigError(
      `Setting SMTP_URL="…" cannot be used: want smtp://user:password@host:587 or smtps://user:password@host:465`,
    );
  }
  if (!from || !isFrom(from)) {
    throw wrong(
      "MAIL_FROM",
      from ?? "",
      "want the address that mail is from, such as Freshet <freshet@example.org>",
    );
  }
  return { smtpUrl, from };
}
