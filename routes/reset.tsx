import { type Context, page } from "fresh";
import * as z from "zod";
import { AskReset, NewPassword } from "@/components/sign/ResetForms.tsx";
import { SignFrame } from "@/components/sign/SignFrame.tsx";
import { SignNote } from "@/components/sign/SignNote.tsx";
import { email, newPassword } from "@/lib/auth/user_input.ts";
import { isPlain } from "@/lib/http/begin_session.ts";
import { readForm } from "@/lib/http/form.ts";
import { attemptForm, FormRefused, parseForm } from "@/lib/http/task_form.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load(
  { state, url }: Context<State>,
  token: string | null,
  form: FormState,
) {
  const { passwordReset } = state.services;
  return {
    token,
    form,
    isGood: token !== null && await passwordReset.isGood(token),
    isOn: passwordReset.isOn,
    isAsked: url.searchParams.has("asked"),
    isPlain: isPlain(state),
  };
}

const askSchema = z.strictObject({ email });
const redeemSchema = z.strictObject({ password: newPassword });

async function act(ctx: Context<State>, form: URLSearchParams) {
  const { client, services: { passwordReset } } = ctx.state;
  const token = form.get("token");
  if (token === null) {
    const input = parseForm(
      askSchema,
      { email: form.get("email") ?? "" },
      form,
    );
    passwordReset.ask(input.email, client.address);
    return "/reset?asked=1";
  }
  const { password } = parseForm(
    redeemSchema,
    { password: form.get("password") ?? "" },
    form,
  );
  await passwordReset.redeem(token, password, client.address);
  return "/signin?done=password";
}

export const handler = define.handlers({
  async GET(ctx) {
    if (ctx.state.visitor?.mode === "local") return ctx.redirect("/", 303);
    const token = ctx.url.searchParams.get("token");
    const data = await load(ctx, token, EMPTY_FORM);
    const isBad = token !== null && !data.isGood;
    return page(data, { status: isBad ? 404 : 200 });
  },
  async POST(ctx) {
    if (ctx.state.visitor?.mode === "local") return ctx.redirect("/", 303);
    const form = await readForm(ctx.req);
    try {
      return ctx.redirect(
        await attemptForm(form, () => act(ctx, form)),
        303,
      );
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const data = await load(ctx, form.get("token"), error.form);
      return page(data, { status: error.status });
    }
  },
});

/** `/reset`: a new password for who has forgotten theirs; with `?token=` it is chosen. */
export default define.page<typeof handler>(function ResetPage({ data }) {
  return (
    <SignFrame
      title="New password"
      isPlain={data.isPlain}
      foot={<a href="/signin">Back to sign in</a>}
    >
      <Content {...data} />
    </SignFrame>
  );
});

function Content(
  { token, form, isGood, isOn, isAsked }: Awaited<ReturnType<typeof load>>,
) {
  if (isGood && token !== null) {
    return <NewPassword token={token} form={form} />;
  }
  if (token !== null) {
    return (
      <SignNote
        title="This link is not valid"
        way={isOn
          ? { path: "/reset", label: "Ask for another link" }
          : undefined}
      >
        <p class="lede">
          It was used, has expired, or is cut off. A link holds for one hour and
          works once.
        </p>
      </SignNote>
    );
  }
  if (!isOn) {
    return (
      <SignNote title="This server sends no mail">
        <p class="lede">
          So it cannot send you a link. Whoever runs it can set a new password
          for you from its command line.
        </p>
      </SignNote>
    );
  }
  if (isAsked) {
    return (
      <SignNote title="Look into your mail">
        <p class="lede">
          If the address has an account here, a mail with a link is on its way.
          The link holds for one hour. Nothing there? Look among the spam, and
          whether the address is the one you sign in with.
        </p>
      </SignNote>
    );
  }
  return <AskReset form={form} />;
}
