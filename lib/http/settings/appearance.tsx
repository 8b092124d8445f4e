import { Appearance as AppearanceView } from "@/components/settings/Appearance.tsx";
import {
  type Appearance,
  APPEARANCE_COOKIES,
  appearanceCookie,
  toAppearance,
} from "@/lib/shared/appearance.ts";
import type { SettingsSection } from "./section.ts";

/** How pages look. Its form is what is sent without JavaScript. */
export const appearanceSection: SettingsSection = {
  id: "appearance",
  title: "Appearance",
  load: ({ state: { appearance } }) => ({
    body: () => <AppearanceView appearance={appearance} />,
  }),
  act(ctx, form) {
    const appearance = toAppearance((name) => form.get(name));
    const response = ctx.redirect("/settings", 303);
    const isSecure = ctx.url.protocol === "https:";
    for (const name of Object.keys(appearance) as (keyof Appearance)[]) {
      response.headers.append(
        "set-cookie",
        appearanceCookie(APPEARANCE_COOKIES[name], appearance[name], isSecure),
      );
    }
    return Promise.resolve(response);
  },
};
