/** What hands mails on to the world. */
import type { MailContent } from "./mail.ts";

/** A mail as it goes out. */
export interface OutgoingMail extends MailContent {
  readonly to: string;
  /** Constant for the mail, without brackets. */
  readonly messageId: string;
  /** When the mail was made, milliseconds since 1970 UTC. */
  readonly madeAt: number;
}

/** The server will not take this mail, whenever it is asked again. */
export class MailRefused extends Error {
  override readonly name = "MailRefused";
}

export interface MailTransport {
  /** What follows `@` in the `Message-ID`. */
  readonly domain: string;
  /**
   * Resolves once the server has taken the mail.
   * @throws {MailRefused} when it will never take it
   * @throws {Error} in words for an admin, when it may take it another time
   */
  send(mail: OutgoingMail, signal: AbortSignal): Promise<void>;
}
