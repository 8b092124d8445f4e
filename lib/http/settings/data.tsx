import type { Context } from "fresh";
import { YourData } from "@/components/settings/YourData.tsx";
import { by } from "@/lib/audit/audit_event.ts";
import { mayActAs } from "@/lib/auth/caller.ts";
import { storedCaller } from "@/lib/auth/stored_callers.ts";
import { AppError } from "@/lib/errors.ts";
import { closeAccount } from "@/lib/http/close_account.ts";
import { FormRefused } from "@/lib/http/task_form.ts";
import type { State } from "@/utils.ts";
import type { SettingsSection } from "./section.ts";

/** What is kept of the viewer in this workspace: to take along, or to be rid of. */
export const dataSection: SettingsSection = {
  id: "data",
  title: "Your data",
  async load({ state: { caller, services } }, answer) {
    const { workspace: id, user, mode } = caller;
    const { erasureOrders, accountRemoval } = services.personalData;
    const [workspace, account, isDeleting, byPassword] = await Promise.all([
      services.workspaces.find(id),
      services.users.account(user),
      erasureOrders.isPending(id, user),
      accountRemoval.confirmsByPassword(user),
    ]);
    return {
      body: () => (
        <YourData
          workspace={workspace?.name ?? "this workspace"}
          threadsDays={workspace?.threadsDays ?? null}
          isDeleting={isDeleting}
          mayExport={{
            own: mayActAs(caller, "member"),
            everyone: mode !== "local" && mayActAs(caller, "admin"),
          }}
          account={mode === "local"
            ? null
            : { byPassword, email: account?.email ?? "" }}
          refused={answer}
        />
      ),
    };
  },
  async act(ctx, form) {
    switch (form.get("action")) {
      case "erase": {
        const { caller, services: { personalData } } = ctx.state;
        const { workspace, user } = caller;
        await personalData.erasureOrders
          .orderNow(workspace, user, "data", by(caller));
        personalData.eraser.soon();
        return ctx.redirect("/settings#data", 303);
      }
      case "export":
        return await exportInBackground(ctx, "workspace.export");
      case "export-everyone":
        return await exportInBackground(ctx, "members.export");
      case "end":
        return await end(ctx, form);
    }
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  },
};

/** Leads to the job that makes the archive; a second press leads to the same one. */
async function exportInBackground(
  ctx: Context<State>,
  kind: "workspace.export" | "members.export",
): Promise<Response> {
  const { caller, services: { jobs }, space } = ctx.state;
  const need = kind === "members.export" ? "admin" : "member";
  if (!mayActAs(caller, need)) {
    throw new AppError({
      status: 403,
      code: "forbidden",
      message: `This takes the role ${need} or more.`,
    });
  }
  const { job } = await jobs.enqueue(space, {
    kind,
    input: {},
    dedupKey: caller.user,
    priority: "interactive",
    askedBy: storedCaller(caller),
  });
  return ctx.redirect(`/jobs/${job.id}`, 303);
}

/** Which field an error of ending the account is told at; any other is about all of it. */
const FIELDS: Record<string, string> = {
  wrong_password: "password",
  not_confirmed: "email",
};

async function end(
  ctx: Context<State>,
  form: URLSearchParams,
): Promise<Response> {
  const password = form.get("password") ?? undefined;
  const email = form.get("email") ?? undefined;
  try {
    const cookie = await closeAccount(ctx, { password, email });
    const response = ctx.redirect("/signin?done=ended", 303);
    response.headers.append("set-cookie", cookie);
    return response;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    const field = FIELDS[error.code] ?? "";
    throw new FormRefused(error.status, {
      values: email === undefined ? {} : { email },
      errors: { [field]: error.message },
    });
  }
}
