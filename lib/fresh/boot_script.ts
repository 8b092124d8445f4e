/** The inline script that brings a page's islands to life. */
import type { BootData } from "./island_props.ts";
import type { RenderState } from "./render_state.ts";
import { serialize } from "./serialize.ts";
import { getBuildSnapshot } from "./snapshot.ts";

/** URLs of the modules the page's script imports; none without islands. */
export function moduleUrls(state: RenderState, basePath: string): string[] {
  const snapshot = getBuildSnapshot();
  if (snapshot === null || state.usedIslands.size === 0) return [];
  const urls = new Set([basePath + snapshot.clientEntry]);
  for (const island of state.usedIslands) urls.add(basePath + island.url);
  return [...urls];
}

/** The script element, or nothing when the page needs none. */
export function bootScript(
  state: RenderState,
  options: { nonce: string; basePath: string },
): string {
  const snapshot = getBuildSnapshot();
  if (snapshot === null || state.usedIslands.size === 0) return "";
  const { basePath, nonce } = options;
  const islands = [...state.usedIslands];
  const imports = islands.map((island, index) =>
    `import { ${island.exportName} as island${index} } from ${
      literal(basePath + island.url)
    };`
  );
  const components = islands.map((island, index) =>
    `${literal(island.name)}: island${index}`
  );
  const data: BootData = {
    islands: state.islandProps,
    buildId: snapshot.buildId,
  };
  return `<script type="module" nonce="${nonce}">` +
    `import { boot } from ${literal(basePath + snapshot.clientEntry)};` +
    imports.join("") +
    `boot({${components.join(",")}},${literal(serialize(data))});</script>`;
}

/** A JavaScript string that cannot end the script element it stands in. */
function literal(text: string): string {
  return JSON.stringify(text)
    .replaceAll("<", "\\u003c")
    .replaceAll("\u2028", "\\u2028")
    .replaceAll("\u2029", "\\u2029");
}
