import { Keys, NewKeyButton } from "@/components/settings/Keys.tsx";
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import {
  changeKey,
  createKey,
  keyFormState,
  revokeKey,
} from "@/lib/http/key_form.ts";
import { readClock } from "@/lib/shared/clock.ts";
import { EMPTY_FORM } from "@/lib/shared/form_state.ts";
import type { SettingsSection } from "./section.ts";

const KEYS_ON_A_PAGE = 50;

/** What was just done, by the query's `done`. */
const DONE: Readonly<Record<string, string>> = {
  key: "Key revoked",
  "key-saved": "Key saved",
};

/** The keys with which programs act for the viewer. Who only reads has none. */
export const keysSection: SettingsSection = {
  id: "keys",
  title: "Keys",
  isShown: ({ caller }) => mayActAs(caller, "member"),
  async load({ state: { caller, services }, url }, answer) {
    const cursor = url.searchParams.get("keys");
    const keys = await services.apiKeys.list(
      caller,
      { limit: KEYS_ON_A_PAGE, cursor },
    );
    const { nowMs } = readClock();
    const made = (answer?.shown ?? null) as
      | { name: string; token: string }
      | null;
    const refused = answer === null || made !== null ? null : answer.form;
    const id = refused === null
      ? url.searchParams.get("edit")
      : refused.values.id;
    const edited = id ? await services.apiKeys.require(caller, id) : null;
    const form = refused ?? (edited === null ? null : keyFormState(edited));
    return {
      tools: form === null ? () => <NewKeyButton /> : undefined,
      body: () => (
        <Keys
          keys={keys}
          isFirstPage={cursor === null}
          isAdmin={mayActAs(caller, "admin")}
          nowMs={nowMs}
          made={made}
          refused={form}
          edited={edited}
          viewer={caller.user}
          done={DONE[url.searchParams.get("done") ?? ""]}
        />
      ),
    };
  },
  async act(ctx, form) {
    const { caller, services: { apiKeys } } = ctx.state;
    const action = form.get("action") ?? "";
    switch (action) {
      case "create": {
        const shown = await createKey(apiKeys, caller, form);
        return { status: 201, action, form: EMPTY_FORM, shown };
      }
      case "update":
        await changeKey(apiKeys, caller, form);
        return ctx.redirect("/settings?done=key-saved#keys", 303);
      case "revoke":
        await revokeKey(apiKeys, caller, form);
        return ctx.redirect("/settings?done=key#keys", 303);
    }
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  },
};
