/** What a mail is, before anything knows how it is sent. */

/** What a mail is for; shown where mails are listed. */
export type MailKind =
  | "invitation"
  | "password-reset"
  | "password-changed"
  | "new-sign-in"
  | "budget-warned"
  | "budget-exceeded"
  | "usage-report"
  | "notification";

/** What is in a mail. The templates make it. */
export interface MailContent {
  readonly kind: MailKind;
  /** Line breaks in it become spaces. */
  readonly subject: string;
  /** The plain part. */
  readonly text: string;
  /** The HTML part: a whole document that loads nothing from anywhere. */
  readonly html: string;
}

/** A mail to one person. */
export interface Mail extends MailContent {
  /**
   * Constant for what the mail is about, and unique in the workspace: its `Message-ID` comes from it, so
   * that a mail that is sent twice (the server took it, but this process died before it knew) is one mail
   * to whoever gets it. Letters, digits, `.`, `_` and `-`, at most 100.
   */
  readonly id: string;
  /** `wsp_` id of the workspace whose admins see what became of it. */
  readonly workspace: string;
  /** One bare address, such as `jane@example.org`. */
  readonly to: string;
  /** After this time the mail is of no use and is not sent; milliseconds since 1970 UTC. */
  readonly expiresAt?: number;
}

const ID = /^[A-Za-z0-9._-]{1,100}$/;

/**
 * One bare address (RFC 5321) in the forms people have: no comments, no quoted names, no control
 * characters, spaces, or second address behind a comma. Letters beyond ASCII are allowed (RFC 6531).
 */
const ADDRESS =
  /^[^\s@<>()[\]\\,;:"\p{C}]{1,64}@[^\s@<>()[\]\\,;:"\p{C}]{1,255}$/u;

/** Whether a text is one address that a mail may go to. */
export function isMailAddress(text: string): boolean {
  return ADDRESS.test(text);
}

/** Subjects beyond this are cut. */
const MAX_SUBJECT_CHARACTERS = 250;

/** The subject as one line without control characters. */
export function subjectLine(subject: string): string {
  const line = subject.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= MAX_SUBJECT_CHARACTERS
    ? line
    : `${line.slice(0, MAX_SUBJECT_CHARACTERS - 1).toWellFormed()}…`;
}

/** @throws {TypeError} when a mail cannot be sent as it is */
export function assertMail({ id, to }: Pick<Mail, "id" | "to">): void {
  if (!ID.test(id)) throw new TypeError(`Id "${id}" of a mail is no plain id`);
  if (!isMailAddress(to)) {
    throw new TypeError(`"${to}" is not one address of a mail`);
  }
}
