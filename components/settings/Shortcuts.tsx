import type { VNode } from "preact";
import { KeysTable } from "@/components/KeysTable.tsx";

/** Settings: what the keyboard can do. */
export function Shortcuts(): VNode {
  return (
    <>
      <p class="hint mt-2">
        On the page of a thread. On a Mac, Cmd stands for Ctrl.
      </p>
      <div class="mt-4">
        <KeysTable />
      </div>
    </>
  );
}
