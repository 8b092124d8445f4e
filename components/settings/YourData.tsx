import type { VNode } from "preact";
import { Confirm } from "@/components/Confirm.tsx";
import { describe, FormField } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import PasswordField from "@/islands/PasswordField.tsx";
import type { FormState } from "@/lib/shared/form_state.ts";

export interface YourDataProps {
  /** Name of the workspace that the data are in. */
  workspace: string;
  /** Days that the workspace keeps threads nobody touches, or null: for ever. */
  threadsDays: number | null;
  /** Data are being deleted in this moment. */
  isDeleting: boolean;
  /** Whether the viewer may have files made, and of everyone's data. */
  mayExport: { own: boolean; everyone: boolean };
  /** How an account is ended; null: there is but the one of this machine. */
  account: { byPassword: boolean; email: string } | null;
  /** The form that was refused, and its action. */
  refused: { action: string; form: FormState } | null;
}

/** Settings: what is kept of the viewer, to take along or to be rid of. */
export function YourData(props: YourDataProps): VNode {
  const { workspace, threadsDays, isDeleting, account, mayExport, refused } =
    props;
  return (
    <div class="stack-5 person-forms">
      {isDeleting && (
        <div class="callout" data-kind="warn" role="status">
          <Icon name="clock" />
          <p>
            <strong>Your data are being deleted.</strong>{" "}
            That goes on by itself, also when the server is started anew.
          </p>
        </div>
      )}
      <div>
        <p class="hint">
          A ZIP file with your threads, projects, tags, tasks, keys without
          their secrets, and use in{" "}
          {workspace}: JSON lines for programs, Markdown for people. Temporary
          threads are not in it.
        </p>
        <div class="btn-row mt-4">
          <a class="btn" href="/api/me/export" download>
            Download your data
          </a>
          {mayExport.own && (
            <ExportButton action="export" label="Export in the background" />
          )}
          {mayExport.everyone && (
            <ExportButton
              action="export-everyone"
              label="Export everyone’s data"
            />
          )}
        </div>
        {mayExport.own && (
          <p class="hint mt-2">
            An export in the background goes on when you leave, and can be
            downloaded for seven days from its <a href="/jobs">job</a>.
          </p>
        )}
        {threadsDays !== null && (
          <p class="hint mt-4">
            Threads that nobody touches for {days(threadsDays)}{" "}
            are deleted here, but for pinned ones.
          </p>
        )}
      </div>
      <div class="person-ends">
        <Confirm
          label="Delete your data"
          what={`All your threads, projects, tags and tasks in ${workspace} are deleted, and what your keys have asked. Answers under way are stopped. Your account and keys stay, and what was used is kept as figures. It cannot be undone.`}
        >
          <form method="post" action="/settings#data">
            <input type="hidden" name="section" value="data" />
            <input type="hidden" name="action" value="erase" />
            <button class="btn btn-danger is-sure" type="submit">
              Delete all my data
            </button>
          </form>
        </Confirm>
        {account !== null && (
          <EndAccount
            account={account}
            form={refused?.action === "end" ? refused.form : null}
          />
        )}
      </div>
    </div>
  );
}

/** Has an archive made by a job, to whose page it leads. */
function ExportButton(
  { action, label }: { action: string; label: string },
): VNode {
  return (
    <form method="post" action="/settings#data">
      <input type="hidden" name="section" value="data" />
      <input type="hidden" name="action" value={action} />
      <button class="btn" type="submit">{label}</button>
    </form>
  );
}

function EndAccount(
  { account: { byPassword, email }, form }: {
    account: { byPassword: boolean; email: string };
    form: FormState | null;
  },
): VNode {
  const errors = form?.errors ?? {};
  return (
    <Confirm
      label="Delete your account"
      what="Your account ends in every workspace, with all your data and keys. Every browser is signed out. It cannot be undone."
      isOpen={form !== null}
    >
      <form
        class="account-form stack"
        method="post"
        action="/settings#data"
        aria-label="Delete account"
      >
        <input type="hidden" name="section" value="data" />
        <input type="hidden" name="action" value="end" />
        {errors[""] !== undefined && (
          <p class="field-error" role="alert">
            <Icon name="alert" small />
            {errors[""]}
          </p>
        )}
        {byPassword
          ? (
            <PasswordField
              id="end-password"
              name="password"
              label="Your password"
              autocomplete="current-password"
              error={errors.password}
            />
          )
          : (
            <FormField
              id="end-email"
              label={`Your address, ${email}`}
              error={errors.email}
            >
              <input
                class="input"
                id="end-email"
                name="email"
                type="email"
                autocomplete="off"
                autocapitalize="none"
                spellcheck={false}
                required
                value={form?.values.email}
                {...describe("end-email", errors.email)}
              />
            </FormField>
          )}
        <button class="btn btn-danger is-sure" type="submit">
          Delete my account
        </button>
      </form>
    </Confirm>
  );
}

function days(count: number): string {
  return count === 1 ? "1 day" : `${count} days`;
}
