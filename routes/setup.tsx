import { type Context, page } from "fresh";
import { NewAccountForm } from "@/components/sign/NewAccountForm.tsx";
import { SignFrame } from "@/components/sign/SignFrame.tsx";
import { SignNote } from "@/components/sign/SignNote.tsx";
import { FIRST_WORKSPACE } from "@/lib/shared/spaces.ts";
import { setupSchema } from "@/lib/auth/user_input.ts";
import { beginSession, clientOf, isPlain } from "@/lib/http/begin_session.ts";
import { readForm } from "@/lib/http/form.ts";
import { attemptForm, FormRefused, parseForm } from "@/lib/http/task_form.ts";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import { define, type State } from "@/utils.ts";

async function load({ state }: Context<State>, token: string, form: FormState) {
  const { firstOwner } = state.services;
  const [isValid, isMissing] = await Promise.all([
    firstOwner.isSetupToken(token),
    firstOwner.isMissing(),
  ]);
  return { token, form, isValid, isMissing, isPlain: isPlain(state) };
}

/** 404 for a link that leads nowhere, so that nobody takes it for a page. */
const statusOf = ({ isValid }: { isValid: boolean }) => isValid ? 200 : 404;

export const handler = define.handlers({
  async GET(ctx) {
    if (ctx.state.services.config.auth === "local") {
      return ctx.redirect("/", 303);
    }
    const token = ctx.url.searchParams.get("token") ?? "";
    const data = await load(ctx, token, EMPTY_FORM);
    return page(data, { status: statusOf(data) });
  },
  async POST(ctx) {
    const { config, firstOwner, sessions } = ctx.state.services;
    if (config.auth === "local") return ctx.redirect("/", 303);
    const form = await readForm(ctx.req);
    const text = (name: string) => form.get(name) ?? "";
    try {
      const input = parseForm(setupSchema, {
        token: text("token"),
        email: text("email"),
        name: text("name"),
        password: text("password"),
      }, form);
      const user = await attemptForm(form, () => firstOwner.setUp(input));
      const session = await sessions.create({
        user,
        workspace: FIRST_WORKSPACE,
        method: "setup",
        ...clientOf(ctx),
      });
      return await beginSession(ctx, session, "/");
    } catch (error) {
      if (!(error instanceof FormRefused)) throw error;
      const data = await load(ctx, text("token"), error.form);
      return page(data, { status: error.status });
    }
  },
});

/** `/setup`: whoever has the link of the server's log becomes the first owner. */
export default define.page<typeof handler>(function SetupPage({ data }) {
  const { token, form, isValid, isMissing } = data;
  return (
    <SignFrame title="Set up Freshet" isPlain={data.isPlain}>
      {isValid
        ? (
          <NewAccountForm
            action="/setup"
            title="Set up Freshet"
            lede="You become the first owner of this server. Everyone else comes by invitation."
            token={token}
            email={null}
            form={form}
            submit="Become the owner"
          />
        )
        : isMissing
        ? (
          <SignNote title="This setup link is not valid">
            <p class="lede">
              It has expired, is cut off, or is of another server. The log of
              this server has a valid one; each start writes a new one there.
            </p>
          </SignNote>
        )
        : (
          <SignNote
            title="This server is set up"
            way={{ path: "/signin", label: "Go to sign in" }}
          >
            <p class="lede">
              It has an owner, so setup links no longer work. Sign in, or ask
              the owner for an invitation.
            </p>
          </SignNote>
        )}
    </SignFrame>
  );
});
