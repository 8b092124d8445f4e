/** Text and facts of PDF documents, by unpdf, which is loaded when the first one comes. */
import type { PdfProfile } from "@/lib/shared/documents/profile_wire.ts";
import { UnreadableDocument } from "../engine/steps.ts";

type PdfDocument = Awaited<
  ReturnType<typeof import("unpdf")["getDocumentProxy"]>
>;

/** Largest PDF, in bytes: unlike other documents it is held as a whole. */
export const MAX_PDF_BYTES = 64_000_000;

/** Pages that are looked at for text before the work on all of them begins. */
const PAGES_LOOKED_AT = 10;
const MAX_FACT_CHARACTERS = 300;

export const NO_TEXT =
  "The PDF has no text: its pages are pictures, as of a scanner. Make its text readable by OCR first.";

/**
 * Opens a PDF for as long as the work takes.
 * @throws {UnreadableDocument} for one that needs a password, or is none
 */
export async function withPdf<T>(
  bytes: Uint8Array,
  work: (pdf: PdfDocument) => Promise<T>,
): Promise<T> {
  const { getDocumentProxy } = await import("unpdf");
  let pdf: PdfDocument;
  try {
    pdf = await getDocumentProxy(bytes, { verbosity: 0 });
  } catch (error) {
    throw new UnreadableDocument(
      error instanceof Error && error.name === "PasswordException"
        ? "The PDF is encrypted. Save it without a password first."
        : "The PDF is broken and cannot be opened.",
    );
  }
  try {
    return await work(pdf);
  } finally {
    await pdf.loadingTask.destroy();
  }
}

/** @throws {UnreadableDocument} also where no page has text */
export async function profilePdf(bytes: Uint8Array): Promise<PdfProfile> {
  return await withPdf(bytes, async (pdf) => {
    const { info } = await pdf.getMetadata().catch(() => ({ info: {} }));
    const pages = pdf.numPages;
    await assertSomeText(pdf);
    return {
      kind: "pdf",
      pages,
      title: factOf(info, "Title"),
      author: factOf(info, "Author"),
    };
  });
}

/** A short document is looked at as a whole; a long one may have its text later. */
async function assertSomeText(pdf: PdfDocument): Promise<void> {
  if (pdf.numPages > PAGES_LOOKED_AT) return;
  for (let page = 1; page <= pdf.numPages; page += 1) {
    if ((await textOfPage(pdf, page)).trim() !== "") return;
  }
  throw new UnreadableDocument(NO_TEXT);
}

function factOf(info: object, name: string): string | null {
  const value: unknown = Reflect.get(info, name);
  if (typeof value !== "string" || value.trim() === "") return null;
  return value.trim().slice(0, MAX_FACT_CHARACTERS).toWellFormed();
}

/** Text of a page, from 1; a page that is broken has none. */
export async function textOfPage(
  pdf: PdfDocument,
  number: number,
): Promise<string> {
  try {
    const page = await pdf.getPage(number);
    const { items } = await page.getTextContent();
    let text = "";
    for (const item of items) {
      if (!("str" in item)) continue;
      text += item.str;
      if (item.hasEOL) text += "\n";
    }
    page.cleanup();
    return text.replaceAll("\0", " ");
  } catch {
    return "";
  }
}
