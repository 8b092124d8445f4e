import type { VNode } from "preact";
import AppearanceForm from "@/islands/AppearanceForm.tsx";
import type { Appearance as Chosen } from "@/lib/shared/appearance.ts";

/** Settings: how pages look. */
export function Appearance({ appearance }: { appearance: Chosen }): VNode {
  return (
    <div class="mt-2">
      <AppearanceForm appearance={appearance} />
    </div>
  );
}
