import { asset } from "fresh/runtime";
import { Sprite } from "@/components/Icon.tsx";
import { DEFAULT_APPEARANCE } from "@/lib/shared/appearance.ts";
import { define } from "@/utils.ts";

/** The document around every page. How it looks comes from cookies, so the first paint is right. */
export default define.page(function App({ Component, state }) {
  const { theme, face, size } = state.appearance ?? DEFAULT_APPEARANCE;
  return (
    <html
      lang="en"
      data-theme={theme === "system" ? undefined : theme}
      data-face={face === "plain" ? "plain" : undefined}
      data-size={size === "large" ? "large" : undefined}
    >
      <head>
        <meta charset="utf-8" />
        <meta
          name="viewport"
          content="width=device-width, initial-scale=1, viewport-fit=cover, interactive-widget=resizes-content"
        />
        <meta name="color-scheme" content="light dark" />
        <title>Freshet</title>
        <link rel="icon" href={asset("/favicon.svg")} type="image/svg+xml" />
      </head>
      <body>
        <Component />
        <Sprite />
      </body>
    </html>
  );
});
