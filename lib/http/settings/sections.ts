import { accountSection } from "./account.tsx";
import { appearanceSection } from "./appearance.tsx";
import { dataSection } from "./data.tsx";
import { keysSection } from "./keys.tsx";
import { limitsSection } from "./limits.tsx";
import { notificationsSection } from "./notifications.tsx";
import { sessionsSection } from "./sessions.tsx";
import { shortcutsSection } from "./shortcuts.tsx";
import type { SettingsSection } from "./section.ts";
import { webhooksSection } from "./webhooks.tsx";

/** The sections of `/settings` in the order in which the page has them. */
export const SETTINGS_SECTIONS: readonly SettingsSection[] = [
  appearanceSection,
  accountSection,
  keysSection,
  limitsSection,
  notificationsSection,
  webhooksSection,
  shortcutsSection,
  sessionsSection,
  dataSection,
];
