/** What the name of a model says about it. */

/** Name parts of models that do not chat: they embed, speak, listen, draw, judge or complete. */
const NOT_FOR_CHAT =
  /embed|(^|[-/_])(bge|gte|e5|minilm)[-_:]|rerank|whisper|(^|[-_])tts|speech|audio|realtime|transcribe|translate|dall-?e|(^|[-_])image|sora|video|moderation|guard|davinci|babbage|(^|[-_])ada($|[-_])|curie|instruct-\d{4}|turbo-instruct|search-(api|preview)|computer-use|deep-research/i;

/** OpenAI's own chat models, without a date or a variant. */
const OPENAI_CHAT = /^gpt-(\d+(?:\.\d+)?)(o)?$/;

/** Whether a model is likely to answer chats, judged by its name alone. */
export function isChatModel(name: string): boolean {
  return !NOT_FOR_CHAT.test(name);
}

/**
 * The model that a new thread should use: OpenAI lists its models in no useful order, so its newest plain
 * `gpt-N` is taken; elsewhere the first model that chats.
 */
export function chooseDefault(names: string[]): string | null {
  const newest = names
    .map((name) => ({ name, version: OPENAI_CHAT.exec(name) }))
    .filter(({ version }) => version !== null)
    .sort((left, right) =>
      Number(right.version![1]) - Number(left.version![1])
    );
  return newest[0]?.name ?? names.find(isChatModel) ?? names[0] ?? null;
}
