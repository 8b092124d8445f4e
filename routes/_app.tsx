import { define } from "@/utils.ts";
export default define.page(function App({ Component }) {
  return (
    <html lang="en">
      <head>
        <meta charset="utf-8" />
      </head>
      <body>
        <Component />
      </body>
    </html>
  );
});
