import { type Context, page } from "fresh";
import { InvitationForms } from "@/components/sign/InvitationForms.tsx";
import { SignFrame } from "@/components/sign/SignFrame.tsx";
import { SignNote } from "@/components/sign/SignNote.tsx";
import { invitationAnswerSchema } from "@/lib/auth/user_input.ts";
import { AppError } from "@/lib/errors.ts";
import { beginSession, clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { readForm } from "@/lib/http/form.ts";
import { attemptForm, FormRefused, parseForm } from "@/lib/http/task_form.ts";
import { loadViewer } from "@/lib/http/viewer.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state }: Context<State>, token: string, form: FormState) {
  const { visitor, services } = state;
  const [invitation, viewer] = await Promise.all([
    services.invitations.open(token),
    visitor === null ? null : loadViewer({ ...state, caller: visitor }),
  ]);
  return {
    token,
    form,
    invitation,
    viewerEmail: viewer?.email ?? null,
    hasPasswords: services.config.auth === "password",
    isPlain: isPlain(state),
  };
}

/** Puts who is signed in here into the workspace, and leads there. */
async function join(ctx: Context<State>, token: string): Promise<Response> {
  const { visitor, services: { invitations, sessions } } = ctx.state;
  if (visitor === null || visitor.key !== null) return again(ctx, token);
  const { address, user } = visitor;
  const workspace = await invitations.accept(token, user, address);
  await sessions.switchWorkspace(visitor, workspace);
  return ctx.redirect("/", 303);
}

/** Signs in who was invited and has an account, puts them into the workspace, and leads there. */
async function signInAndJoin(
  ctx: Context<State>,
  token: string,
  password: string,
): Promise<Response> {
  const { client, services } = ctx.state;
  const { invitations, sessions, signIn } = services;
  const invitation = await invitations.open(token);
  if (invitation === null) return again(ctx, token);
  const { email } = invitation;
  const session = await signIn.signIn({ email, password, ...clientOf(ctx) });
  const { id, user } = session.session;
  const workspace = await invitations.accept(token, user, client.address);
  await sessions.switchWorkspace({ user, session: id }, workspace);
  return await beginSession(ctx, session, "/");
}

/** Makes the account of who was invited, and signs them in. */
async function signUp(
  ctx: Context<State>,
  form: URLSearchParams,
): Promise<Response> {
  const { client, services: { invitations, sessions } } = ctx.state;
  const { token, name, password } = parseForm(
    invitationAnswerSchema.required(),
    {
      token: form.get("token") ?? "",
      name: form.get("name") ?? "",
      password: form.get("password") ?? "",
    },
    form,
  );
  const joined = await invitations
    .signUp(token, { name, password }, client.address);
  const session = await sessions.create({
    ...joined,
    ...clientOf(ctx),
    method: "invitation",
  });
  return await beginSession(ctx, session, "/");
}

function again(ctx: Context<State>, token: string): Response {
  return ctx.redirect(`/invite?${new URLSearchParams({ token })}`, 303);
}

function act(ctx: Context<State>, form: URLSearchParams): Promise<Response> {
  const token = form.get("token") ?? "";
  switch (form.get("action")) {
    case "join":
      return join(ctx, token);
    case "sign-in":
      return signInAndJoin(ctx, token, form.get("password") ?? "");
    case "sign-up":
      return signUp(ctx, form);
  }
  throw new AppError({
    status: 400,
    code: "invalid_request",
    message: "The form is not known.",
  });
}

export const handler = define.handlers({
  async GET(ctx) {
    if (ctx.state.visitor?.mode === "local") return ctx.redirect("/", 303);
    const token = ctx.url.searchParams.get("token") ?? "";
    const data = await load(ctx, token, EMPTY_FORM);
    return page(data, { status: data.invitation === null ? 404 : 200 });
  },
  async POST(ctx) {
    if (ctx.state.visitor?.mode === "local") return ctx.redirect("/", 303);
    const form = await readForm(ctx.req);
    try {
      return await attemptForm(form, () => act(ctx, form));
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const data = await load(ctx, form.get("token") ?? "", error.form);
      return page(data, { status: error.status });
    }
  },
});

/** `/invite?token=…`: how someone who was invited gets in. */
export default define.page<typeof handler>(function InvitePage({ data }) {
  return (
    <SignFrame title="Invitation" isPlain={data.isPlain}>
      {data.invitation === null
        ? (
          <SignNote
            title="This invitation is not valid"
            way={{ path: "/signin", label: "Go to sign in" }}
          >
            <p class="lede">
              It was used, has ended, was revoked, or the link is cut off. Ask
              whoever invited you for another one.
            </p>
          </SignNote>
        )
        : <InvitationForms {...data} invitation={data.invitation} />}
    </SignFrame>
  );
});
