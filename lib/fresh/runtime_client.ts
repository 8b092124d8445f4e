/**
 * The browser side: finds the islands of a page by their markers and renders each in its place.
 *
 * Islands are rendered, not hydrated, so where the server's markup differs from what the component
 * gives in the browser, the browser's wins, attributes included.
 */
import { h, render } from "preact";
import type { ComponentType } from "preact";
import { setBrowserBuildId } from "./asset.ts";
import { deserialize } from "./deserialize.ts";
import { createRootBetween } from "./island_root.ts";
import type { BootData } from "./island_props.ts";
import {
  findIslands,
  type IslandComponents,
  SlotReader,
} from "./slot_reader.ts";

export type { IslandComponents };

/** Brings the islands of the page to life. `text` holds their props, as the server wrote them. */
export function boot(islands: IslandComponents, text: string): void {
  const slots = new SlotReader(document, islands);
  const data = deserialize(
    text,
    (id, name) => slots.reference(id, name),
  ) as BootData;
  setBrowserBuildId(data.buildId);
  slots.useProps(data.islands);
  for (const found of findIslands(document.body)) {
    const component = islands[found.name];
    if (component === undefined) {
      reportError(
        new Error(`The page's script lacks the island "${found.name}"`),
      );
      continue;
    }
    const props = data.islands[found.index];
    // Slots are read before anything is rendered: rendering takes the server's nodes away.
    slots.read();
    schedule(() => {
      const root = createRootBetween(found.start, found.end);
      render(h(component as ComponentType, props), root.element);
      root.removeUnclaimed();
    });
  }
}

interface TaskScheduler {
  postTask(task: () => void): Promise<void>;
}

function schedule(task: () => void): void {
  const { scheduler } = globalThis as { scheduler?: TaskScheduler };
  if (scheduler === undefined) {
    setTimeout(task, 0);
    return;
  }
  // A failing island must not stop the others, but has to be seen.
  scheduler.postTask(task).catch((error) => reportError(error));
}
