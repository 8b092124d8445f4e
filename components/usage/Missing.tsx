import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";

/** Stands for a part of a page that was not read in time. */
export function Missing({ what }: { what: string }): VNode {
  return (
    <section class="section" aria-label={what}>
      <div class="callout" data-kind="warn">
        <Icon name="alert" />
        <p>
          <strong>{what} could not be read in time.</strong> Nothing is lost.
          {" "}
          <a href="">Read it again</a>
        </p>
      </div>
    </section>
  );
}
