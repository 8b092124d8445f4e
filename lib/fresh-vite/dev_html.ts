const NONCE_SOURCE = /'nonce-([^']+)'/;

/**
 * Adds Vite's client to an HTML page, so that pages without islands reload too, and tells it the nonce
 * of the page's Content-Security-Policy, without which the browser would refuse the style sheets Vite
 * replaces. Other responses pass as they are.
 */
export function withDevClient(response: Response): Response {
  const isHtml = response.headers.get("content-type")?.startsWith("text/html");
  if (!isHtml || response.body === null) return response;
  const policy = response.headers.get("content-security-policy") ??
    response.headers.get("content-security-policy-report-only") ?? "";
  const nonce = NONCE_SOURCE.exec(policy)?.[1];
  const attribute = nonce === undefined ? "" : ` nonce="${nonce}"`;
  const tags =
    (nonce === undefined ? "" : `<meta property="csp-nonce"${attribute}>`) +
    `<script type="module" src="/@vite/client"${attribute}></script>`;
  let done = false;
  const insert = new TransformStream<string, string>({
    // A page rendered by the app comes in one chunk; a tag split over two only misses the reload.
    transform(chunk, controller) {
      const replaced = done
        ? chunk
        : chunk.replace(/<head[^>]*>/, (head) => head + tags);
      done ||= replaced !== chunk;
      controller.enqueue(replaced);
    },
  });
  const body = response.body
    .pipeThrough(new TextDecoderStream())
    .pipeThrough(insert)
    .pipeThrough(new TextEncoderStream());
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(body, { status: response.status, headers });
}
