import { Limits } from "@/components/settings/Limits.tsx";
import { mayActAs } from "@/lib/auth/caller.ts";
import { effectiveView } from "@/lib/http/effective_limits.ts";
import { readClock } from "@/lib/shared/clock.ts";
import type { SettingsSection } from "./section.ts";

/** What the viewer may use, and what is left of it. */
export const limitsSection: SettingsSection = {
  id: "limits",
  title: "Limits",
  async load({ state }) {
    const own = { user: null, key: null, model: null };
    const limits = await effectiveView(state, own);
    const { nowMs } = readClock();
    return {
      body: () => (
        <Limits
          of={limits}
          nowMs={nowMs}
          isAdmin={mayActAs(state.caller, "admin")}
        />
      ),
    };
  },
};
