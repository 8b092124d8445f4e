/** The guides of the manual: the pages of `docs/`, as they are with the program. */

/** One page of the manual. */
export interface Guide {
  /** Its place under `/docs/`. */
  slug: string;
  title: string;
}

const FOLDER = "docs";

/** The order in which they are read first; the others follow by title. */
const FIRST = ["getting-started", "settings", "api"];

/** What stands where a page has no heading. */
function titleOf(markdown: string, slug: string): string {
  return markdown.match(/^# (.+)$/m)?.[1].trim() ?? slug;
}

/** All guides. Where the program has come without them, or may not read them, there is none. */
export async function listGuides(): Promise<Guide[]> {
  const guides: Guide[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(FOLDER)) {
      const slug = name.match(/^([\w-]+)\.md$/)?.[1];
      if (!isFile || slug === undefined) continue;
      const markdown = await Deno.readTextFile(`${FOLDER}/${name}`);
      guides.push({ slug, title: titleOf(markdown, slug) });
    }
  } catch {
    // An empty manual says so; the reference is there all the same.
  }
  const place = ({ slug }: Guide) => {
    const first = FIRST.indexOf(slug);
    return first === -1 ? FIRST.length : first;
  };
  return guides.sort((left, right) =>
    place(left) - place(right) || left.title.localeCompare(right.title, "en")
  );
}

/** A guide as Markdown, whose links lead to the pages of this server; null: there is no such one. */
export async function loadGuide(
  slug: string,
): Promise<{ title: string; markdown: string } | null> {
  if (!/^[\w-]{1,60}$/.test(slug)) return null;
  let text: string;
  try {
    text = await Deno.readTextFile(`${FOLDER}/${slug}.md`);
  } catch {
    return null;
  }
  return {
    title: titleOf(text, slug),
    markdown: withLinks(text.replace(/^# .+\n+/, "")),
  };
}

/** Links to guides lead to their pages; what is not served is named without a link. */
function withLinks(markdown: string): string {
  return markdown
    .replace(/(?<!!)\]\(([\w-]+)\.md(#[\w-]+)?\)/g, "](/docs/$1$2)")
    .replace(/(?<!!)\[([^\]]+)\]\((?!https?:|\/|#)[^)]+\)/g, "$1");
}
