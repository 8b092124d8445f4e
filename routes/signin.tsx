import { type Context, page } from "fresh";
import { SignFrame } from "@/components/sign/SignFrame.tsx";
import { SignInForm } from "@/components/sign/SignInForm.tsx";
import { returnPath } from "@/lib/auth/return_path.ts";
import { AppError } from "@/lib/errors.ts";
import { beginSession, clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { readForm } from "@/lib/http/form.ts";
import { oidcRefusalText } from "@/lib/shared/oidc_refusals.ts";
import { providerName } from "@/lib/shared/sign_in_words.ts";
import { define, type State } from "@/utils.ts";

/** What led here, by the query's `done`. */
const NOTICES: Record<string, string> = {
  out: "You are signed out.",
  ended: "Your account is deleted, and your data go with it.",
  password: "Your password is changed. Sign in with the new one.",
};

/** A sign-in that was refused. */
interface Refused {
  email: string;
  error: AppError;
}

async function load(
  ctx: Context<State>,
  next: string,
  refused: Refused | null,
) {
  const { state, url } = ctx;
  const { config, firstOwner } = state.services;
  const wait = refused?.error.extra.retryAfterSeconds;
  const code = url.searchParams.get("error");
  return {
    next,
    email: refused?.email ?? "",
    error: refused?.error.message,
    isUnknown: refused?.error.status === 401,
    waitSeconds: typeof wait === "number" && wait > 0 ? wait : null,
    provider: providerLabel(state),
    hasPasswords: config.auth !== "oidc" ||
      config.firstOwner?.password !== null,
    needsSetup: await firstOwner.isMissing(),
    notice: NOTICES[url.searchParams.get("done") ?? ""],
    trouble: code === null
      ? undefined
      : oidcRefusalText(code) ?? "Signing in did not succeed.",
    isPlain: isPlain(state),
    canReset: state.services.passwordReset.isOn,
  };
}

function providerLabel({ services: { config } }: State): string | null {
  if (config.identityProvider === null) return null;
  return config.oidc.buttonLabel ??
    `Continue with ${providerName(config.identityProvider.issuer)}`;
}

export const handler = define.handlers({
  async GET(ctx) {
    const next = returnPath(ctx.url.searchParams.get("next"));
    if (ctx.state.visitor !== null) return ctx.redirect(next, 303);
    ctx.state.services.oidc?.prepare();
    return page(await load(ctx, next, null));
  },
  async POST(ctx) {
    const { visitor, services: { signIn } } = ctx.state;
    const form = await readForm(ctx.req);
    const next = returnPath(form.get("next"));
    if (visitor?.mode === "local") return ctx.redirect(next, 303);
    const email = form.get("email") ?? "";
    const password = form.get("password") ?? "";
    try {
      const session = await signIn.signIn({
        email,
        password,
        ...clientOf(ctx),
      });
      return await beginSession(ctx, session, next);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return page(await load(ctx, next, { email, error }), {
        status: error.status,
        headers: error.headers,
      });
    }
  },
});

/** `/signin`: by email and password, or by the identity provider. */
export default define.page<typeof handler>(function SignInPage({ data }) {
  return (
    <SignFrame
      title="Sign in"
      isPlain={data.isPlain}
      foot={data.canReset && data.hasPasswords
        ? <a href="/reset">Forgot your password?</a>
        : "No account, or the password is lost? Ask your administrator for an invitation."}
    >
      <SignInForm {...data} />
    </SignFrame>
  );
});
