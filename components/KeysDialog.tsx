import type { VNode } from "preact";
import { KeysTable } from "./KeysTable.tsx";
import { KEYS_DIALOG_ID } from "./keys_dialog_id.ts";

/** The list of keys; on a Mac, Cmd stands for Ctrl. */
export function KeysDialog(): VNode {
  return (
    <dialog class="dialog" id={KEYS_DIALOG_ID} aria-labelledby="keys-title">
      <h2 id="keys-title">Keys</h2>
      <KeysTable />
      <p class="hint">On a Mac, Cmd stands for Ctrl.</p>
      <form method="dialog" class="btn-row">
        <button class="btn" type="submit">Close</button>
      </form>
    </dialog>
  );
}
