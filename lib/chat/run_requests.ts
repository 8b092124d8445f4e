/** What is asked of a provider for a run: by a person now, or again after the owner of the run has died. */
import type { Asker } from "@/lib/auth/asker.ts";
import type { RoutePlan } from "@/lib/llm/routing/route_plan.ts";
import type { ChatRequest, Provider } from "@/lib/llm/types.ts";
import type { ModelAccess } from "@/lib/model_access/model_access.ts";
import { chooseModel, type ModelResolver } from "./choose_model.ts";
import { toPrompt } from "./prompt.ts";
import type { MessageRecord, ThreadRecord } from "./records.ts";
import type { ThreadStore } from "./thread_store.ts";

/** Finds what a project says about the answers in its threads. */
export interface ProjectReader {
  find(
    space: string,
    id: string,
  ): Promise<
    { systemPrompt: string | null; defaultModel: string | null } | null
  >;
}

/** What somebody was given to answer with: a piece of a document. */
export interface RunSource {
  documentId: string;
  name: string;
  /** Number of the piece in the document, from 1. */
  chunk: number;
  /** Where it is in the document, in words. */
  place: string;
}

/** Finds what the documents of a project say about a question. */
export interface KnowledgeReader {
  /** Null: nothing. It never rejects: without it there is still an answer. */
  find(
    space: string,
    projectId: string,
    question: string,
  ): Promise<{ text: string; sources: RunSource[] } | null>;
}

/** What is to be answered. */
export interface RequestInput {
  thread: ThreadRecord;
  /** The branch up to the question, oldest first; the question itself only if it is stored. */
  branch: MessageRecord[];
  /** Text of a question that is not stored yet, or null. */
  question: string | null;
  /** Part of the answer that is there already. */
  kept: string;
  /** Model that was asked for by name, else undefined. */
  model: string | undefined;
  params: Record<string, unknown> | undefined;
  /** Who asks now; absent for a run that was accepted before, which goes on whatever has changed. */
  asker?: Asker;
}

/** A request and who is to answer it. */
export interface BuiltRequest {
  provider: Provider;
  /** See `ServedModel`. */
  plan?: RoutePlan;
  /** Name of the model as the caller used it. */
  model: string;
  request: ChatRequest;
  /** Texts of the branch, in its order. */
  texts: string[];
  /** What of the project's documents the model is given; absent: nothing. */
  sources?: RunSource[];
}

export class RunRequests {
  readonly #threads: ThreadStore;
  readonly #models: ModelResolver;
  readonly #projects: ProjectReader;
  readonly #knowledge: KnowledgeReader | null;
  readonly #access: Pick<ModelAccess, "for"> | null;

  constructor(
    threads: ThreadStore,
    models: ModelResolver,
    projects: ProjectReader,
    knowledge: KnowledgeReader | null = null,
    access: Pick<ModelAccess, "for"> | null = null,
  ) {
    this.#threads = threads;
    this.#models = models;
    this.#projects = projects;
    this.#knowledge = knowledge;
    this.#access = access;
  }

  /** @throws {AppError} 404 `model_not_found`, 403 `model_not_allowed` */
  async build(space: string, input: RequestInput): Promise<BuiltRequest> {
    const { thread, branch, question, kept, asker } = input;
    const [project, texts] = await Promise.all([
      thread.projectId
        ? this.#projects.find(space, thread.projectId)
        : Promise.resolve(null),
      this.#threads.readTexts(branch.map((message) => message.text)),
    ]);
    const allowed = asker && this.#access?.for(asker);
    const { provider, model, id, plan } = await chooseModel(
      allowed ?? this.#models,
      input.model,
      thread.model ?? project?.defaultModel ?? null,
    );
    const parts = branch.map(({ role }, index) => ({
      role,
      text: texts[index],
    }));
    if (question !== null) parts.push({ role: "user", text: question });
    const knowledge = thread.projectId && project !== null
      ? await this.#knowledge?.find(space, thread.projectId, askedIn(parts)) ??
        null
      : null;
    const system = [project?.systemPrompt, knowledge?.text].filter(Boolean);
    return {
      provider,
      plan,
      model: id,
      texts,
      sources: knowledge?.sources,
      request: {
        model,
        messages: toPrompt(parts, {
          systemPrompt: system.join("\n\n"),
          kept,
        }),
        params: input.params,
      },
    };
  }
}

/** A question of fewer characters may be about the one before. */
const SHORT_QUESTION = 60;

/** What is asked at the end of the branch. */
function askedIn(parts: readonly { role: string; text: string }[]): string {
  const questions = parts.filter(({ role }) => role === "user");
  const last = questions.at(-1)?.text ?? "";
  return last.length < SHORT_QUESTION
    ? `${questions.at(-2)?.text ?? ""} ${last}`
    : last;
}
