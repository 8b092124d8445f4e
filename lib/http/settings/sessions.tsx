import { Sessions } from "@/components/settings/Sessions.tsx";
import { AppError } from "@/lib/errors.ts";
import { isPlain } from "@/lib/http/begin_session.ts";
import { endedSessionCookie } from "@/lib/http/session_cookie.ts";
import { readClock } from "@/lib/shared/clock.ts";
import type { SettingsSection } from "./section.ts";

/** What was just done, by the query's `done`. */
const DONE: Record<string, string> = {
  session: "Signed out there",
  sessions: "Signed out everywhere else",
};

/** The browsers in which the viewer is signed in. Local mode has none. */
export const sessionsSection: SettingsSection = {
  id: "sessions",
  title: "Sessions",
  isShown: ({ caller }) => caller.mode !== "local",
  async load({ state: { caller, services }, url }) {
    const sessions = await services.sessions.list(caller.user, caller.session);
    const { nowMs } = readClock();
    return {
      body: () => (
        <Sessions
          sessions={sessions}
          nowMs={nowMs}
          ended={DONE[url.searchParams.get("done") ?? ""]}
        />
      ),
    };
  },
  async act(ctx, form) {
    const { caller, services: { sessions } } = ctx.state;
    const id = form.get("id") ?? "";
    switch (form.get("action")) {
      case "end": {
        await sessions.revoke(caller, id);
        if (id !== caller.session) {
          return ctx.redirect("/settings?done=session#sessions", 303);
        }
        const response = ctx.redirect("/signin?done=out", 303);
        response.headers.append(
          "set-cookie",
          endedSessionCookie(!isPlain(ctx.state)),
        );
        return response;
      }
      case "end-others":
        await sessions.revokeOthers(caller);
        return ctx.redirect("/settings?done=sessions#sessions", 303);
    }
    throw new AppError({
      status: 400,
      code: "invalid_request",
      message: "The form is not known.",
    });
  },
};
