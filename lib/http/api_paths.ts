/** Whether an address is for programs, which get JSON and never a page or a redirect. */
export function isApi(pathname: string): boolean {
  return /^\/(api|v1|healthz|readyz|metrics|schema|openapi\.json)(\/|$)/.test(
    pathname,
  );
}
