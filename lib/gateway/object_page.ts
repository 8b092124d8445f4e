/** A page of a list as OpenAI's API has it. */

export interface ObjectPage<Item> {
  object: "list";
  data: Item[];
  first_id: string | null;
  last_id: string | null;
  has_more: boolean;
}

/**
 * @param found in the order in which they were read; one more than the limit where there are more
 * @param isBackward they were read from the end of the page to its beginning
 */
export function objectPage<Item extends { id: string }>(
  found: readonly Item[],
  limit: number,
  isBackward = false,
): ObjectPage<Item> {
  const taken = found.slice(0, limit);
  const data = isBackward ? taken.reverse() : taken;
  return {
    object: "list",
    data,
    first_id: data.at(0)?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: found.length > limit,
  };
}
