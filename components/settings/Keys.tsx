import type { VNode } from "preact";
import { KeyReady } from "@/components/api_keys/KeyReady.tsx";
import { KeyTable } from "@/components/api_keys/KeyTable.tsx";
import { NewKeyForm } from "@/components/api_keys/NewKeyForm.tsx";
import { Icon } from "@/components/Icon.tsx";
import { EMPTY_FORM, type FormState } from "@/lib/shared/form_state.ts";
import type { Key, Page } from "@/lib/shared/wire.ts";

export interface KeysProps {
  keys: Page<Key>;
  isFirstPage: boolean;
  isAdmin: boolean;
  nowMs: number;
  /** A key that was just made. */
  made: { name: string; token: string } | null;
  /** The form that was refused. */
  refused: FormState | null;
  /** The key that is changed. */
  edited: Key | null;
  /** Id of the viewer. */
  viewer: string;
  /** What was just done, in words. */
  done?: string;
}

const DIALOG = "new-key";

/** The button that opens the form of a new key. */
export function NewKeyButton(): VNode {
  return (
    <button class="btn btn-small" type="button" popovertarget={DIALOG}>
      <Icon name="plus" small />
      New key
    </button>
  );
}

/** Settings: the keys with which programs act for the viewer. */
export function Keys(props: KeysProps): VNode {
  const { keys, isFirstPage, isAdmin, nowMs, made, refused, done } = props;
  const { edited, viewer } = props;
  return (
    <>
      {made !== null && <KeyReady {...made} />}
      <p class="hint" role="status">{done ?? ""}</p>
      {refused === null
        ? <NewKeyDialog isAdmin={isAdmin} />
        : (
          <div class="key-refused mt-4">
            <NewKeyForm
              form={refused}
              of={edited ?? undefined}
              isAdmin={isAdmin}
              leave={
                <a class="btn btn-quiet" href="/settings#keys">
                  Cancel
                </a>
              }
            />
          </div>
        )}
      {keys.items.length === 0
        ? <NoKeys isFirstPage={isFirstPage} />
        : (
          <KeyTable
            keys={keys.items}
            label="Your keys"
            action="/settings#keys"
            nowMs={nowMs}
            viewer={viewer}
          />
        )}
      {(keys.nextCursor !== null || !isFirstPage) && (
        <nav class="pager" aria-label="Pages of keys">
          {!isFirstPage && (
            <a class="btn btn-small" href="/settings#keys">Newest</a>
          )}
          {keys.nextCursor !== null && (
            <a
              class="btn btn-small"
              href={`/settings?keys=${keys.nextCursor}#keys`}
            >
              Older keys
            </a>
          )}
        </nav>
      )}
    </>
  );
}

function NewKeyDialog({ isAdmin }: { isAdmin: boolean }): VNode {
  return (
    <dialog
      class="dialog key-dialog"
      id={DIALOG}
      popover="auto"
      aria-labelledby="new-key-title"
    >
      <NewKeyForm
        form={EMPTY_FORM}
        isAdmin={isAdmin}
        leave={
          <button
            class="btn btn-quiet"
            type="button"
            popovertarget={DIALOG}
            popovertargetaction="hide"
          >
            Cancel
          </button>
        }
      />
    </dialog>
  );
}

function NoKeys({ isFirstPage }: { isFirstPage: boolean }): VNode {
  return (
    <div class="empty">
      <h3>{isFirstPage ? "No keys yet" : "No older keys"}</h3>
      <p class="soft">
        {isFirstPage
          ? "With a key a program asks models as you, within bounds that you set. Each program should have its own."
          : "These are all there are."}
      </p>
    </div>
  );
}
