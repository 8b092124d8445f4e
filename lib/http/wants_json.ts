/** Whether a page is asked for as the data it shows: by its own script, to show it anew. */
export function wantsJson({ headers }: Request): boolean {
  return headers.get("accept") === "application/json";
}
