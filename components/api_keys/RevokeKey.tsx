import type { VNode } from "preact";
import type { Key } from "@/lib/shared/wire.ts";

/** A button that asks before it ends a key. The question opens and closes without a script. */
export function RevokeKey(
  { of: { id, name, fromSetting }, action }: {
    of: Key;
    /** Where the form is sent. */
    action: string;
  },
): VNode {
  const dialog = `revoke-${id}`;
  const title = `${dialog}-title`;
  return (
    <div>
      <button
        class="link-btn"
        type="button"
        popovertarget={dialog}
        aria-label={`Revoke key “${name}”`}
      >
        Revoke
      </button>
      <dialog
        class="dialog key-dialog"
        id={dialog}
        popover="auto"
        aria-labelledby={title}
      >
        <h2 id={title} class="anywhere">Revoke key “{name}”?</h2>
        <p>
          Programs that use it are refused at once, and answers that are being
          written for them stop. This cannot be undone.
          {fromSetting &&
            " The setting FRESHET_API_KEY then names a key that does not work."}
        </p>
        <form class="btn-row" method="post" action={action}>
          <input type="hidden" name="section" value="keys" />
          <input type="hidden" name="action" value="revoke" />
          <input type="hidden" name="id" value={id} />
          <button
            class="btn btn-quiet"
            type="button"
            popovertarget={dialog}
            popovertargetaction="hide"
            autofocus
          >
            Keep it
          </button>
          <button class="btn btn-danger is-sure" type="submit">
            Revoke key
          </button>
        </form>
      </dialog>
    </div>
  );
}
