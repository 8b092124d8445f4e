import type { RefObject, VNode } from "preact";
import { KeysTable } from "@/components/KeysTable.tsx";

/** The list of keys; on a Mac, Cmd stands for Ctrl. */
export function KeysDialog(
  { dialog }: { dialog: RefObject<HTMLDialogElement> },
): VNode {
  return (
    <dialog class="dialog" ref={dialog} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <KeysTable />
      <p class="hint">On a Mac, Cmd stands for Ctrl.</p>
      <form method="dialog" class="btn-row">
        <button class="btn" type="submit">Close</button>
      </form>
    </dialog>
  );
}
