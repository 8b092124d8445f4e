import { Shortcuts } from "@/components/settings/Shortcuts.tsx";
import type { SettingsSection } from "./section.ts";

/** What the keyboard can do. */
export const shortcutsSection: SettingsSection = {
  id: "shortcuts",
  title: "Shortcuts",
  load: () => ({ body: () => <Shortcuts /> }),
};
