/** The manual: `README.md` and `docs/` of the project, read and indexed at the first question. */
import type MiniSearch from "minisearch";
import { type Section, splitPage } from "@/lib/llm/demo/sections.ts";

/** Reads the pages of the manual as path and Markdown. */
export type ReadPages = () => Promise<{ page: string; markdown: string }[]>;

/** One place of the manual that fits a question. */
export interface Found {
  section: Section;
  score: number;
}

const README = "README.md";
const DOCS = "docs";
/** Words that say nothing about what is looked for. */
const STOP_WORDS = new Set(
  "a an and are as at be by can do does for from how i in is it me my of on or please show tell that the this to what when where which who why will with you your"
    .split(" "),
);

/**
 * Reads the pages below a folder, `README.md` and `docs/*.md`. What is missing or may not be read is
 * left out.
 * @param root folder of the project
 */
export async function readProjectPages(
  root: string,
): Promise<{ page: string; markdown: string }[]> {
  const names = [README];
  try {
    for await (const entry of Deno.readDir(`${root}/${DOCS}`)) {
      if (entry.isFile && entry.name.endsWith(".md")) {
        names.push(`${DOCS}/${entry.name}`);
      }
    }
  } catch {
    // Without the folder, or leave to read it, there is nothing to search but the README.
  }
  const pages = await Promise.allSettled(
    names.map(async (page) => ({
      page,
      markdown: await Deno.readTextFile(`${root}/${page}`),
    })),
  );
  return pages
    .flatMap((page) => page.status === "fulfilled" ? [page.value] : [])
    .sort((left, right) => left.page < right.page ? -1 : 1);
}

/** A searchable manual. */
export class Manual {
  private constructor(
    readonly sections: Section[],
    private readonly index: MiniSearch<Section>,
  ) {}

  static async load(readPages: ReadPages): Promise<Manual> {
    const [{ default: Index }, pages] = await Promise.all([
      import("minisearch"),
      readPages(),
    ]);
    const sections = pages
      .flatMap(({ page, markdown }) => splitPage(page, markdown))
      .map((section, id) => ({ ...section, id }));
    const index = new Index<Section>({
      fields: ["headings", "text"],
      processTerm: (term) => {
        const word = term.toLowerCase();
        return STOP_WORDS.has(word) ? null : word;
      },
      extractField: (section, field) =>
        field === "headings"
          ? section.headings.join(" ")
          : String(section[field as keyof Section]),
      searchOptions: { boost: { headings: 3 }, prefix: true, fuzzy: 0.15 },
    });
    await index.addAllAsync(sections);
    return new Manual(sections, index);
  }

  /** The pages that were read. */
  get pages(): string[] {
    return [...new Set(this.sections.map(({ page }) => page))];
  }

  /** The places that fit best, best first. */
  search(question: string, most: number): Found[] {
    return this.index.search(question)
      .slice(0, most)
      .map(({ id, score }) => ({ section: this.sections[id], score }));
  }
}
