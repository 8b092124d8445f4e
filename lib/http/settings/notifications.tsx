import { Notifications } from "@/components/settings/Notifications.tsx";
import { mayActAs } from "@/lib/auth/caller.ts";
import { AppError } from "@/lib/errors.ts";
import { acceptVersion, attemptForm } from "@/lib/http/task_form.ts";
import type { NotificationSettingsPatch } from "@/lib/notifications/notification_settings_store.ts";
import {
  NOTIFICATION_EVENT_NAMES,
  type NotificationEvent,
  ruleOf,
} from "@/lib/shared/notification_events.ts";
import type { State } from "@/utils.ts";
import type { SettingsSection } from "./section.ts";

/** Events that somebody may be told of: some are for those who run the workspace. */
function eventsFor({ caller }: State): NotificationEvent[] {
  const isAdmin = mayActAs(caller, "admin");
  return NOTIFICATION_EVENT_NAMES.filter((event) =>
    isAdmin || ruleOf(event).audience !== "admins"
  );
}

async function hasMail({ caller, services }: State): Promise<boolean> {
  if (!services.mailer.isOn) return false;
  return Boolean((await services.users.account(caller.user))?.email);
}

/** What the viewer is told of, and where. */
export const notificationsSection: SettingsSection = {
  id: "notifications",
  title: "Notifications",
  async load({ state, url }, answer) {
    const { services: { notifications }, space } = state;
    const [settings, canMail] = await Promise.all([
      notifications.settings(space),
      hasMail(state),
    ]);
    const events = eventsFor(state)
      .map((event) => [event, settings.events[event]] as const);
    return {
      body: () => (
        <Notifications
          events={events}
          version={settings.version}
          hasMail={canMail}
          isSaved={url.searchParams.get("done") === "notifications"}
          error={answer?.form.errors[""] ?? null}
        />
      ),
    };
  },
  async act(ctx, form) {
    if (form.get("action") !== "save") {
      throw new AppError({
        status: 400,
        code: "invalid_request",
        message: "The form is not known.",
      });
    }
    const { state } = ctx;
    const canMail = await hasMail(state);
    const patch: NotificationSettingsPatch = {};
    for (const event of eventsFor(state)) {
      const isChosen = (place: string) => form.has(`${event}.${place}`);
      patch[event] = {
        app: isChosen("app"),
        browser: isChosen("browser"),
        // What the page does not offer stays as it is.
        ...(canMail ? { mail: isChosen("mail") } : {}),
      };
    }
    await attemptForm(form, () =>
      state.services.notifications.changeSettings(
        state.space,
        patch,
        acceptVersion(form),
      ));
    return ctx.redirect("/settings?done=notifications#notifications", 303);
  },
};
