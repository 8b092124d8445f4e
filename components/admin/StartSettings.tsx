import type { VNode } from "preact";
import type { ShownSetting } from "@/lib/shared/server_settings_view.ts";

const SOURCES: Readonly<Record<ShownSetting["source"], string>> = {
  environment: "environment",
  "config file": "config file",
  default: "default",
};

/** Settings that are read when the server starts: what holds, and where it is from. */
export function StartSettings(
  { settings }: { settings: readonly ShownSetting[] },
): VNode {
  return (
    <div
      class="table-wrap mt-4"
      tabIndex={0}
      role="region"
      aria-label="Settings that are read at the start"
    >
      <table class="table table-stack">
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">Value</th>
            <th scope="col">From</th>
          </tr>
        </thead>
        <tbody>
          {settings.map(({ name, value, source }) => (
            <tr key={name}>
              <th scope="row" class="mono">{name}</th>
              <td class="anywhere">{value}</td>
              <td data-label="From">
                <span class={source === "default" ? "faint" : undefined}>
                  {SOURCES[source]}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
