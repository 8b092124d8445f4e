import type { VNode } from "preact";
import { CopyButton } from "@/components/CopyButton.tsx";
import { Icon } from "@/components/Icon.tsx";
import type { ProxyFixes } from "@/lib/shared/doctor/proxies.ts";

/** What to change in proxies: those that were seen are open, the others a click away. */
export function DoctorFixes(
  { fixes }: { fixes: readonly ProxyFixes[] },
): VNode {
  return (
    <div class="doctor-fixes">
      {fixes.map(({ proxy, title, isSeen, fixes: own }) => (
        <details key={proxy} class="doctor-proxy" open={isSeen}>
          <summary>
            <Icon name="right" small />
            {title}
            {isSeen && <span class="badge">seen on the way</span>}
          </summary>
          {own.map(({ problem, text, code }) => (
            <div key={problem} class="doctor-fix">
              <p>{text}</p>
              {code !== null && (
                <figure class="code">
                  <figcaption class="code-head">
                    <span>{title}</span>
                    <CopyButton text={code} label="Copy the settings" />
                  </figcaption>
                  <pre tabIndex={0}><code>{code}</code></pre>
                </figure>
              )}
            </div>
          ))}
        </details>
      ))}
    </div>
  );
}
