/**
 * Two Vite plugins for what a page loads before anybody does anything. One leaves `import()` in the
 * browser's script as it is: Vite would load what a lazy chunk imports beside it, which the page has
 * already, and the lists of that cost more than they save. The other puts the small modules that every
 * page shares into one chunk: many small ones compress badly and are asked for one by one.
 */
import type { Plugin } from "vite";

/** Vite's own module for it, as of Vite 7. */
const HELPER_ID = "\0vite/preload-helper.js";

/** The files that Vite lists at the top of a chunk, and where it names some of them for an `import()`. */
const LISTS = /^const __vite__mapDeps=.*\n/;
const LIST_USES = /,__vite__mapDeps\(\[[\d,]*\]\)/g;

/** What the navigation of every page needs, and what most islands share. */
const SHELL =
  /\/(components\/(Icon|ThreadLink|CopyButton|chat\/(use_lazy|use_clock|composing)|search\/search_field_id)\.tsx?|lib\/shared\/(announce|clipboard|clock|format|chat\/(requests|browser_tools|drafts|thread_news|thread_rows|undo_note))\.ts)$/;

export function plainImports(): Plugin {
  return {
    name: "freshet:plain-imports",
    apply: "build",
    enforce: "pre",
    config: () => ({
      build: { modulePreload: { resolveDependencies: () => [] } },
    }),
    load: (id) =>
      id === HELPER_ID
        ? "export const __vitePreload = (load) => load();"
        : null,
    generateBundle: {
      // Behind Vite, which still lists the page's style sheet for the helper above to load.
      order: "post",
      handler(_options, bundle) {
        for (const output of Object.values(bundle)) {
          if (output.type !== "chunk") continue;
          output.code = output.code.replace(LISTS, "").replace(LIST_USES, "");
        }
      },
    },
  };
}

export function shellChunk(): Plugin {
  return {
    name: "freshet:shell-chunk",
    apply: "build",
    applyToEnvironment: ({ name }) => name === "client",
    outputOptions(output) {
      const { manualChunks } = output;
      if (typeof manualChunks !== "function") return null;
      return {
        ...output,
        manualChunks: (id, meta) =>
          manualChunks(id, meta) ??
            (SHELL.test(id) || id === HELPER_ID ? "shell" : undefined),
      };
    },
  };
}
