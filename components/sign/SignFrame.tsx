import { Head } from "fresh/runtime";
import type { ComponentChildren, VNode } from "preact";
import { Icon, Mark } from "@/components/Icon.tsx";
import { Hydrograph } from "@/components/welcome/Hydrograph.tsx";
import TellZone from "@/islands/TellZone.tsx";

export interface SignFrameProps {
  title: string;
  /** Whether the browser reached this server by plain http. */
  isPlain: boolean;
  /** What stands under the form. */
  foot?: ComponentChildren;
  children: ComponentChildren;
}

/** A page for people who are not in yet: the form on one left edge, the curve beside it. */
export function SignFrame(
  { title, isPlain, foot, children }: SignFrameProps,
): VNode {
  return (
    <main class="sign">
      <Head>
        <title>{`${title} · Freshet`}</title>
      </Head>
      <TellZone />
      <div class="sign-form">
        <div>
          <a class="brand" href="/">
            <Mark />
            Freshet
          </a>
        </div>
        {children}
        <div class="sign-foot stack">
          {isPlain && <PlainNotice />}
          {foot !== undefined && <p class="hint">{foot}</p>}
        </div>
      </div>
      <div class="sign-art">
        <Hydrograph />
      </div>
    </main>
  );
}

function PlainNotice(): VNode {
  return (
    <p class="hint sign-plain">
      <Icon name="alert" small />
      <span>
        This connection is plain http: whoever sits between you and this server
        can read what you type. Use https beyond your own network.
      </span>
    </p>
  );
}
