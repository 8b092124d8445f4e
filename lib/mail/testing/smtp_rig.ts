/** A real SMTP server of a test, which reads what it is given as a mail program would. */
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { CERTIFICATE, CERTIFICATE_KEY } from "./certificate.ts";

/** A mail that the server has taken. */
export interface TakenMail {
  /** As it came, headers and all. */
  raw: string;
  email: Email;
  from: string;
  to: string[];
  /** Whether it came over TLS. */
  isSecure: boolean;
  user: string | null;
}

export interface SmtpRig extends AsyncDisposable {
  port: number;
  /** In the order they were taken. */
  mails: TakenMail[];
  /** Connections so far. */
  connections: number;
  /** Recipients that were named so far. */
  recipients: number;
  /** What is answered to a recipient: a code and a text in place of a yes. */
  refusal: { code: number; text: string } | null;
  /** Awaited between the end of a mail and the yes to it. */
  beforeYes: () => void | Promise<void>;
}

export interface SmtpRigOptions {
  /** TLS from the start. */
  secure?: boolean;
  /** Does not offer STARTTLS. */
  isPlain?: boolean;
  /** Who may send; without it, anyone. */
  login?: { user: string; password: string };
  port?: number;
}

/** Starts a server on 127.0.0.1. */
export async function startSmtp(
  { secure = false, isPlain = false, login, port = 0 }: SmtpRigOptions = {},
): Promise<SmtpRig> {
  const options: SMTPServerOptions = {
    secure,
    key: CERTIFICATE_KEY,
    cert: CERTIFICATE,
    disabledCommands: isPlain ? ["STARTTLS"] : [],
    authOptional: login === undefined,
    allowInsecureAuth: isPlain,
    disableReverseLookup: true,
    closeTimeout: 100,
    logger: false,
    onConnect(_session, done) {
      rig.connections += 1;
      done();
    },
    onAuth({ username, password }, _session, done) {
      if (username === login?.user && password === login?.password) {
        done(null, { user: username });
      } else done(new Error("Wrong user or password"));
    },
    onRcptTo(_address, _session, done) {
      rig.recipients += 1;
      if (rig.refusal === null) return done();
      const { code, text } = rig.refusal;
      done(Object.assign(new Error(text), { responseCode: code }));
    },
    onData(stream, session, done) {
      void (async () => {
        const chunks: Uint8Array[] = [];
        for await (const chunk of stream) chunks.push(chunk);
        const raw = await new Blob(chunks as BlobPart[]).text();
        rig.mails.push({
          raw,
          email: await PostalMime.parse(raw),
          from: session.envelope.mailFrom
            ? session.envelope.mailFrom.address
            : "",
          to: session.envelope.rcptTo.map(({ address }) => address),
          isSecure: session.secure,
          user: typeof session.user === "string" ? session.user : null,
        });
        await rig.beforeYes();
        done();
      })().catch(done);
    },
  };
  const server = new SMTPServer(options);
  // A client that hangs up is what some tests are about.
  server.on("error", () => {});
  const rig: SmtpRig = {
    port: 0,
    mails: [],
    connections: 0,
    recipients: 0,
    refusal: null,
    beforeYes: () => {},
    async [Symbol.asyncDispose]() {
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  await new Promise<void>((resolve) =>
    server.listen(port, "127.0.0.1", resolve)
  );
  const address = server.server.address();
  rig.port = typeof address === "object" && address !== null ? address.port : 0;
  return rig;
}
