import type { VNode } from "preact";
import CopyText from "@/islands/CopyText.tsx";

/** How a backup is put back. A server cannot replace the store that it works on, so this is a command. */
export function RestoreSteps(
  { folder, name }: {
    folder: string;
    /** File of the newest backup; null: there is none. */
    name: string | null;
  },
): VNode {
  return (
    <>
      <ol class="backup-steps">
        <li>Stop the server. While it runs, the command refuses.</li>
        <li>
          Run this in its folder:{" "}
          <CopyText
            text={`deno task restore ${folder}/${name ?? "freshet-….db"}`}
          />
        </li>
        <li>
          Start the server. The store that was there is kept beside it until you
          delete it.
        </li>
      </ol>
      <div class="backup-notes soft mt-4">
        <p>
          Everything is then as it was when the backup was made, also sign-ins
          and keys that have ended since. Open pages load anew by themselves.
        </p>
        <p>
          A backup does not hold the secret of the server, by which keys of
          providers and the like are encrypted in it. Keep{" "}
          <code class="mono">DATA_DIR/secret</code>, or what{" "}
          <code class="mono">FRESHET_SECRET</code> says, in another place.
        </p>
      </div>
    </>
  );
}
