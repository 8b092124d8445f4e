/** Mail addresses, which name accounts. */

/** RFC 5321, 4.5.3.1.3: a path has 256 octets with its brackets. */
const MAX_EMAIL_CHARACTERS = 254;

/**
 * An address as accounts are found by it: trimmed, in Unicode's composed form and lower case, since mail
 * servers tell no two people apart by case. Null: it is no address.
 */
export function normaliseEmail(text: string): string | null {
  const email = text.trim().normalize("NFC").toLowerCase();
  if (email.length > MAX_EMAIL_CHARACTERS) return null;
  // Only what cannot be an address is refused; whether it is one, a mail to it shows. Control
  // characters, quotes and brackets would have a meaning in the headers of that mail.
  return /^[^\s@"<>(),:;\\[\]\p{Cc}\p{Cf}]{1,64}@[^\s@"<>(),:;\\[\]\p{Cc}\p{Cf}]+$/u
      .test(email)
    ? email
    : null;
}
