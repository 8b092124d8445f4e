import type { VNode } from "preact";
import { Icon } from "@/components/Icon.tsx";
import { ICON_PATHS, type IconName } from "@/components/icon_paths.ts";
import { Markdown } from "@/components/markdown/Markdown.tsx";
import { Shelf } from "./Shelf.tsx";

const COLOURS = [
  "paper",
  "sunk",
  "raised",
  "ink",
  "ink-2",
  "ink-3",
  "accent",
  "accent-soft",
  "good",
  "warn",
  "bad",
  "c1",
  "c2",
  "c3",
  "c4",
  "c5",
  "c6",
  "c7",
  "c8",
] as const;

/** Names of icons are a closed set, and the drawings have exactly those. */
const ICONS = Object.keys(ICON_PATHS) as IconName[];

const ANSWER = `## The flood of 1998

The gauge at **Lower Bridge** stood at *4.12 m*; see
[the record](https://example.org). It fell within \`36 h\`.

1. Snow, then rain on it
2. Frozen ground
   - so nothing soaked away

> The water came at night.

| day | level |
| --- | ----: |
| 3 Nov | 3.80 m |
| 4 Nov | 4.12 m |

\`\`\`ts
const level = readings.at(-1);
\`\`\`

The flow follows $Q = c \\cdot h^{3/2}$.
`;

/** What everything else is made of: words, colours, icons. */
export function BasicShelves(): VNode {
  return (
    <>
      <Shelf
        id="style-prose"
        title="An answer"
        note="What was written is set in the reading serif, what the instrument says in the system face."
      >
        <Markdown text={ANSWER} isLive={false} />
      </Shelf>
      <Shelf id="style-colours" title="Colours">
        <div class="swatch-grid">
          {COLOURS.map((name) => (
            <div key={name} class="swatch-cell">
              <span class={`swatch-big sw-${name}`}></span>
              <span class="mono">--{name}</span>
            </div>
          ))}
        </div>
      </Shelf>
      <Shelf id="style-icons" title="Icons">
        <div class="icon-grid">
          {ICONS.map((name) => (
            <span key={name}>
              <Icon name={name} />
              <span class="faint">{name}</span>
            </span>
          ))}
        </div>
      </Shelf>
    </>
  );
}
