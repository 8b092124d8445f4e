/** A mail as the bytes that a server is given (RFC 5322, MIME). */
import MailComposer from "nodemailer/lib/mail-composer";
import { subjectLine } from "./mail.ts";
import type { OutgoingMail } from "./transport.ts";

/**
 * Both parts of a mail as one message, plain before HTML (RFC 2046, 5.1.4). The same mail gives the same
 * `Message-ID` and `Date` each time.
 *
 * @param from `name@example.org` or `Name <name@example.org>`
 */
export async function composeMessage(
  mail: OutgoingMail,
  from: string,
): Promise<Uint8Array> {
  const composer = new MailComposer({
    from,
    to: { name: "", address: mail.to },
    subject: subjectLine(mail.subject),
    messageId: `<${mail.messageId}>`,
    date: new Date(mail.madeAt),
    text: mail.text,
    html: mail.html,
    headers: {
      // No answers of programs to what a program sent (RFC 3834).
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
    },
    newline: "win",
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return await new Promise((resolve, reject) => {
    composer.compile().build((error, message) =>
      error ? reject(error) : resolve(message)
    );
  });
}
