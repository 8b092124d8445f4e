import type { VNode } from "preact";
import { describe, FormField } from "@/components/FormField.tsx";
import { Icon } from "@/components/Icon.tsx";
import PasswordField from "@/islands/PasswordField.tsx";
import WaitClock from "@/islands/WaitClock.tsx";

export interface SignInFormProps {
  /** Path to go to afterwards, on this server. */
  next: string;
  email: string;
  /** Why the try was refused, in a sentence or two. */
  error?: string;
  /** Whether that is because email and password do not match. */
  isUnknown: boolean;
  /** Seconds until the next try counts, or null: it counts now. */
  waitSeconds: number | null;
  /** Text of the button of the identity provider, or null: there is none. */
  provider: string | null;
  /** Whether anyone gets in by a password. */
  hasPasswords: boolean;
  /** What happened before: signed out, password changed. */
  notice?: string;
  /** Whether the server has no owner yet, so nobody can sign in. */
  needsSetup: boolean;
  /** What kept an identity provider from letting the person in. */
  trouble?: string;
}

/** The form at `/signin`. */
export function SignInForm(props: SignInFormProps): VNode {
  const { next, notice, trouble, provider, hasPasswords } = props;
  return (
    <form method="post" action="/signin" aria-labelledby="sign-in">
      <h1 id="sign-in">Sign in</h1>
      {notice !== undefined && (
        <div class="callout" data-kind="good" role="status">
          <Icon name="check" />
          <p>{notice}</p>
        </div>
      )}
      {trouble !== undefined && (
        <div class="callout" data-kind="bad" role="alert">
          <Icon name="alert" />
          <p>{trouble}</p>
        </div>
      )}
      {props.needsSetup && (
        <div class="callout" data-kind="info">
          <Icon name="key" />
          <p>
            <strong>Nobody is here yet.</strong>{" "}
            Open the setup link in the server’s log to become the first owner.
          </p>
        </div>
      )}
      <input type="hidden" name="next" value={next} />
      {provider !== null && (
        <>
          <a
            class="btn"
            href={`/auth/oidc/start?${new URLSearchParams({ next })}`}
          >
            <Icon name="key" small />
            <span class="cut">{provider}</span>
          </a>
          {hasPasswords && <div class="or">or</div>}
        </>
      )}
      {hasPasswords && <Passwords {...props} />}
    </form>
  );
}

function Passwords(
  { email, error, isUnknown, waitSeconds }: SignInFormProps,
): VNode {
  const isWaiting = waitSeconds !== null;
  return (
    <>
      {isWaiting && (
        <div class="callout" data-kind="warn" role="alert">
          <Icon name="clock" />
          <p>
            <strong>
              {isUnknown
                ? "Email and password do not match."
                : "Too many tries."}
            </strong>{"  "}
            <WaitClock seconds={waitSeconds} />
          </p>
        </div>
      )}
      <FormField id="email" label="Email">
        <input
          class="input"
          id="email"
          name="email"
          type="email"
          autocomplete="username"
          autocapitalize="none"
          spellcheck={false}
          required
          autofocus={email === ""}
          value={email}
          {...describe("email")}
        />
      </FormField>
      <PasswordField
        id="password"
        name="password"
        label="Password"
        autocomplete="current-password"
        error={isWaiting ? undefined : error}
        isFirst={email !== ""}
      />
      <button class="btn btn-primary" type="submit">Sign in</button>
    </>
  );
}
