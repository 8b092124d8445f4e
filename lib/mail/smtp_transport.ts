/** Sends mails by SMTP (RFC 5321), one connection for each. */
import { domainToASCII } from "node:url";
import SMTPConnection, {
  type SMTPConnectionOptions,
} from "nodemailer/lib/smtp-connection";
import type { MailSettings } from "@/lib/config/mail.ts";
import { composeMessage } from "./message.ts";
import {
  MailRefused,
  type MailTransport,
  type OutgoingMail,
} from "./transport.ts";

/** How long a server may take for one step, in milliseconds. */
const STEP_DEADLINE_MS = 20_000;
/** How long a server gets to say goodbye once it has taken the mail, in milliseconds. */
const GOODBYE_MS = 1_000;

/** The end of a step of nodemailer: an error where it failed. */
type Done = (error?: Error | null) => void;

/** What nodemailer says of an error beyond its message. */
interface SmtpError extends Error {
  code?: string;
  /** The server says that asking again is of no use. */
  permanent?: boolean;
}

export interface SmtpTransportOptions {
  /** Certificates that are trusted besides the system's, as PEM. */
  trusted?: string;
}

export class SmtpTransport implements MailTransport {
  readonly domain: string;
  readonly #from: string;
  readonly #sender: string;
  readonly #server: string;
  readonly #connection: SMTPConnectionOptions;
  readonly #login: { user: string; pass: string } | null;

  /**
   * `smtps:` speaks TLS from the start. `smtp:` turns to TLS where the server offers it (STARTTLS), and
   * insists on it where a password goes to another machine or the address ends in `?requireTLS=true`.
   */
  constructor(
    { smtpUrl, from }: MailSettings,
    { trusted }: SmtpTransportOptions = {},
  ) {
    const url = new URL(smtpUrl);
    const secure = url.protocol === "smtps:";
    const host = url.hostname.replace(/^\[(.*)\]$/, "$1");
    const port = Number(url.port) || (secure ? 465 : 587);
    this.#from = from;
    this.#sender = /<([^<>]+)>\s*$/.exec(from)?.[1] ?? from.trim();
    const domain = this.#sender.slice(this.#sender.lastIndexOf("@") + 1);
    this.domain = domainToASCII(domain) || "localhost";
    this.#server = `${host}:${port}`;
    this.#login = url.username === "" ? null : {
      user: decodeURIComponent(url.username),
      pass: decodeURIComponent(url.password),
    };
    this.#connection = {
      host,
      port,
      secure,
      name: this.domain,
      requireTLS: url.searchParams.get("requireTLS") === "true" ||
        (this.#login !== null && !isOwnMachine(host)),
      dnsTimeout: STEP_DEADLINE_MS,
      connectionTimeout: STEP_DEADLINE_MS,
      greetingTimeout: STEP_DEADLINE_MS,
      socketTimeout: STEP_DEADLINE_MS,
      socketCloseTimeout: GOODBYE_MS,
      tls: trusted === undefined ? {} : { ca: [trusted] },
    };
  }

  async send(mail: OutgoingMail, signal: AbortSignal): Promise<void> {
    const message = await composeMessage(mail, this.#from);
    signal.throwIfAborted();
    const connection = new SMTPConnection(this.#connection);
    const closed = new Promise<void>((resolve) => {
      connection.once("end", resolve);
    });
    const trouble = Promise.withResolvers<never>();
    trouble.promise.catch(() => {});
    connection.on("error", (error) => trouble.reject(error));
    connection.once(
      "end",
      () => trouble.reject(new Error("The connection was closed")),
    );
    const abort = () => trouble.reject(new Error("It took too long"));
    signal.addEventListener("abort", abort);
    const step = (begin: (done: Done) => void) =>
      Promise.race([
        trouble.promise,
        new Promise<void>((resolve, reject) =>
          begin((error) => error ? reject(error) : resolve())
        ),
      ]);
    try {
      await step((done) => connection.connect(done));
      const login = this.#login;
      if (login !== null) {
        await step((done) => connection.login({ ...login }, done));
      }
      const envelope = {
        from: this.#sender,
        to: mail.to,
        size: message.length,
      };
      await step((done) =>
        connection.send(envelope, Buffer.from(message), done)
      );
      connection.quit();
      await Promise.race([closed, after(GOODBYE_MS)]);
    } catch (error) {
      throw this.#explain(error as SmtpError);
    } finally {
      signal.removeEventListener("abort", abort);
      connection.close();
    }
  }

  #explain(error: SmtpError): Error {
    const words = `Mail server ${this.#server}: ${error.message}`;
    // What it says of the connection or the password may be mended; what it says of the mail may not.
    const isFinal = error.permanent === true &&
      (error.code === "EENVELOPE" || error.code === "EMESSAGE");
    return isFinal
      ? new MailRefused(words, { cause: error })
      : new Error(words, { cause: error });
  }
}

function isOwnMachine(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(\.\d+){3}$/.test(host);
}

function after(delayMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, delayMs));
}
