/** Which models there are and who serves them. */
import { type Clock, systemClock } from "@/lib/clock.ts";
import type { ProviderSettings } from "@/lib/config.ts";
import type { BreakerSettings, RouteSettings } from "@/lib/config/routes.ts";
import { AppError } from "@/lib/errors.ts";
import { DEMO_MODEL, DemoProvider } from "@/lib/llm/demo/provider.ts";
import { ModelList } from "@/lib/llm/model_list.ts";
import { chooseDefault, isChatModel } from "@/lib/llm/model_names.ts";
import type { TimeoutsMs } from "@/lib/llm/openai/deadlines.ts";
import { OpenAIProvider } from "@/lib/llm/openai/provider.ts";
import { ConnectionSlots } from "@/lib/llm/routing/connection_slots.ts";
import { PlannedProvider } from "@/lib/llm/routing/planned_provider.ts";
import type { RoutePlan } from "@/lib/llm/routing/route_plan.ts";
import { Routing } from "@/lib/llm/routing/routing.ts";
import type { TargetName, Upstream } from "@/lib/llm/routing/target.ts";
import type { ModelInfo, Provider } from "@/lib/llm/types.ts";

export interface ModelRegistryOptions {
  /** In the order of the settings; the first serves new threads. */
  providers: ProviderSettings[];
  /** Id of the provider whose models go by their plain names too, or null. */
  defaultProvider: string | null;
  /** Serves `freshet/demo` while no provider is configured. */
  demo?: Provider;
  /** Names that lead to several models; none by default. */
  routes?: RouteSettings[];
  breaker?: BreakerSettings;
  /** Deadlines of models that are asked by their own names. */
  timeoutsMs?: Partial<TimeoutsMs>;
  /** Attempts after the first, for the same; 2 by default. */
  retries?: number;
  /** For waits and breakers. */
  clock?: Clock;
  /** From 0 (included) to 1 (excluded). */
  random?: () => number;
  /** Milliseconds that never go back; for the age of lists. */
  now?: () => number;
}

export interface ResolvedModel {
  /** Answers along the plan. Its id is that of the first target's provider. */
  provider: Provider;
  /** The first target's own name of the model. */
  model: string;
  /** Who may answer, and how they are asked. */
  plan: RoutePlan;
  /** The name that was asked for. */
  id: string;
}

interface Entry {
  upstream: Upstream;
  list: ModelList;
  client: OpenAIProvider;
}

/** The provider of routes in lists of models. */
const ROUTES = "route";

/** How long a request waits for lists of models. */
const FIRST_LIST_MS = 5000;

/** Resolves when the work is done, the wait is over or the signal aborts; never rejects. */
function waitAtMost(
  ms: number,
  signal: AbortSignal | undefined,
  work: Promise<unknown>,
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener("abort", end);
    if (signal?.aborted) end();
    work.then(end, end);
  });
}

/** What a provider serves, as far as it says so. */
export interface ListedProvider {
  provider: string;
  /** False: it gave no list now. */
  isListed: boolean;
  /** Its own names. */
  models: string[];
}

function modelNotFound(name: string): AppError {
  return new AppError({
    status: 404,
    code: "model_not_found",
    message: `There is no model "${name}". Choose one from the list of models.`,
  });
}

export class ModelRegistry {
  private readonly entries = new Map<string, Entry>();
  private readonly closing = new AbortController();
  private readonly demo: Provider;
  private readonly demoUpstream: Upstream;
  private readonly clock: Clock;
  private readonly now: () => number;
  /** How all targets are doing. */
  readonly routing: Routing;

  constructor(private readonly options: ModelRegistryOptions) {
    this.clock = options.clock ?? systemClock;
    this.routing = new Routing(options);
    this.demo = options.demo ?? new DemoProvider();
    this.demoUpstream = this.upstream(this.demo, Infinity);
    this.now = options.now ?? (() => performance.now());
    for (const settings of options.providers) this.add(settings);
  }

  /** Adds a provider, or replaces the one of the same id; streams that it serves go on. */
  add(settings: ProviderSettings): void {
    const client = new OpenAIProvider({
      ...settings,
      timeoutsMs: this.options.timeoutsMs,
    });
    const configured = settings.models === "discover" ? null : settings.models;
    this.entries.set(settings.id, {
      upstream: this.upstream(client, settings.maxConnections),
      list: new ModelList(
        client,
        configured,
        this.closing.signal,
        this.now,
      ),
      client,
    });
  }

  /** Forgets a provider; streams that it serves go on. */
  remove(id: string): void {
    this.entries.delete(id);
  }

  /** Whether there is a provider of this id. */
  has(id: string): boolean {
    return this.entries.has(id);
  }

  /** Asks every provider anew what it serves; one that gives no list keeps the one it had. */
  async refreshLists(): Promise<ListedProvider[]> {
    return await Promise.all([...this.entries].map(async ([id, { list }]) => ({
      provider: id,
      isListed: await list.refreshNow(),
      models: [...list.names ?? []],
    })));
  }

  /**
   * All models by the names that callers use: routes, the default provider's by their plain names, then
   * every model as `<provider>/<model>`. Waits up to 5 s for lists that were never there; a provider that is
   * down holds nothing else up.
   */
  async list(signal: AbortSignal): Promise<ModelInfo[]> {
    await this.refresh(signal);
    if (this.entries.size === 0) return [DEMO_MODEL];
    const plain: ModelInfo[] = [];
    const qualified: ModelInfo[] = [];
    for (const [id, { list }] of this.entries) {
      for (const model of list.names ?? []) {
        const name = `${id}/${model}`;
        if (id === this.options.defaultProvider) {
          plain.push({ id: model, provider: id, model, label: model });
        }
        qualified.push({ id: name, provider: id, model, label: name });
      }
    }
    const seen = new Set<string>();
    return [...this.listRoutes(), ...plain, ...qualified].filter(({ id }) =>
      !seen.has(id) && seen.add(id)
    );
  }

  /**
   * The provider of a name, by what is known now. A provider whose list is not known takes any name.
   * @throws {AppError} 404 `model_not_found`
   */
  resolve(name: string): ResolvedModel {
    const found = this.lookUp(name);
    if (found === null) throw modelNotFound(name);
    return found;
  }

  /**
   * The names by which a model can be asked, the one that it is listed by first, then the one with its provider, and the
   * provider's own. A route has the one it has; so has what nobody serves.
   */
  namesOf(name: string): readonly [string, ...string[]] {
    const target = this.routeOf(name) === undefined
      ? this.targetOf(name)
      : null;
    if (target === null) return [name];
    const { provider, model } = target;
    const qualified = `${provider}/${model}`;
    return provider === this.options.defaultProvider
      ? [model, qualified]
      : [qualified, model];
  }

  /**
   * As `resolve`, but waits up to 5 s for lists that were never there, and asks again for a list that
   * lacks the name: a model may have been pulled a moment ago.
   * @throws {AppError} 404 `model_not_found`
   */
  async find(name: string, signal: AbortSignal): Promise<ResolvedModel> {
    // A route is known without any list, and has its ways where a provider is down.
    if (this.routeOf(name) !== undefined) return this.resolve(name);
    await this.refresh(signal);
    const known = this.lookUp(name);
    if (known !== null) return known;
    const lists = [...this.entries.values()].map(({ list }) => list);
    const asked = Promise.all(lists.map((list) => list.refreshForMissing()));
    await waitAtMost(FIRST_LIST_MS, signal, asked);
    return this.resolve(name);
  }

  /**
   * Name of the model that a new thread uses: one of the first provider that has any.
   * @throws {AppError} 503 `no_model` when no provider says what it serves
   */
  async defaultModel(signal: AbortSignal): Promise<string> {
    await this.refresh(signal);
    if (this.entries.size === 0) return DEMO_MODEL.id;
    for (const [id, { list }] of this.entries) {
      const model = chooseDefault(list.names ?? []);
      if (model === null) continue;
      return id === this.options.defaultProvider ? model : `${id}/${model}`;
    }
    throw new AppError({
      status: 503,
      code: "no_model",
      message:
        "No provider says which models it serves. Check that the provider is running, or name a model yourself.",
      retryable: true,
    });
  }

  /**
   * What a picker offers: the models that chat, each by one name, and the one a new thread starts with (null while no
   * provider says what it serves). Waits as `list` does.
   */
  async choices(
    signal: AbortSignal,
  ): Promise<{ models: ModelInfo[]; defaultModel: string | null }> {
    const [all, chosen] = await Promise.all([
      this.list(signal),
      this.defaultModel(signal).catch((error) => {
        if (error instanceof AppError && error.code === "no_model") return null;
        throw error;
      }),
    ]);
    const seen = new Set<string>();
    const models = all.filter(({ id, model, provider }) => {
      const served = `${provider}/${model}`;
      if (seen.has(served)) return false;
      seen.add(served);
      return isChatModel(model) || id === chosen;
    });
    return { models, defaultModel: chosen };
  }

  /**
   * Asks the provider of a target for what comes in one piece, embeddings for example.
   * @param path behind the provider's base URL, for example `/embeddings`
   * @param timeoutMs for the whole call
   * @returns the parsed body
   * @throws {ProviderError}; {AppError} 404 `model_not_found` for a provider that is not there any more, or
   *   has nothing but chats
   */
  async post(
    { provider, model }: TargetName,
    path: string,
    body: Record<string, unknown>,
    signal: AbortSignal,
    timeoutMs: number,
  ): Promise<Record<string, unknown>> {
    const entry = this.entries.get(provider);
    if (entry === undefined) throw modelNotFound(model);
    return await entry.client.post(path, body, signal, timeoutMs);
  }

  /** Sockets to providers that are open, the idle ones included. */
  get openSockets(): number {
    let sum = 0;
    for (const { client } of this.entries.values()) sum += client.openSockets;
    return sum;
  }

  /** Closes the idle sockets. */
  closeIdle(): void {
    for (const { client } of this.entries.values()) client.closeIdle();
  }

  /** Closes all sockets. */
  close(): void {
    this.closing.abort();
    for (const { client } of this.entries.values()) client.close();
  }

  private refresh(signal: AbortSignal): Promise<void> {
    const entries = [...this.entries.values()];
    const lists = Promise.all(entries.map(({ list }) => list.refresh()));
    return waitAtMost(FIRST_LIST_MS, signal, lists);
  }

  /** Routes whose targets are there. */
  private listRoutes(): ModelInfo[] {
    return (this.options.routes ?? [])
      .filter(({ targets }) =>
        targets.some(({ provider }) => this.entries.has(provider))
      )
      .map(({ id }) => ({ id, provider: ROUTES, model: id, label: id }));
  }

  private lookUp(name: string): ResolvedModel | null {
    const route = this.routeOf(name);
    if (route !== undefined) return this.takeRoute(route);
    if (this.entries.size === 0) {
      return name === DEMO_MODEL.id
        ? this.single(name, this.demoUpstream, DEMO_MODEL.model, this.demo)
        : null;
    }
    const target = this.targetOf(name);
    if (target === null) return null;
    const { upstream, client } = this.entries.get(target.provider)!;
    return this.single(name, upstream, target.model, client);
  }

  /** Who serves a name that is no route's; null: nobody. */
  private targetOf(name: string): TargetName | null {
    const slash = name.indexOf("/");
    if (slash >= 0) {
      const provider = name.slice(0, slash);
      const model = name.slice(slash + 1);
      if (this.serves(provider, model)) return { provider, model };
    }
    // Names of the default provider may hold a slash themselves, as OpenRouter's do.
    const { defaultProvider } = this.options;
    return defaultProvider !== null && this.serves(defaultProvider, name)
      ? { provider: defaultProvider, model: name }
      : null;
  }

  private serves(provider: string, model: string): boolean {
    const entry = this.entries.get(provider);
    if (entry === undefined || model === "") return false;
    const { names } = entry.list;
    return names === null || names.includes(model);
  }

  private single(
    id: string,
    upstream: Upstream,
    model: string,
    provider: Provider,
  ): ResolvedModel {
    const plan = this.routing.single(id, upstream, model);
    return { provider: new PlannedProvider(plan, provider), model, plan, id };
  }

  private routeOf(name: string): RouteSettings | undefined {
    return this.options.routes?.find(({ id }) => id === name);
  }

  private takeRoute(route: RouteSettings): ResolvedModel | null {
    const plan = this.routing.route(
      route,
      (id) => this.entries.get(id)?.upstream ?? null,
    );
    if (plan === null) return null;
    const [{ provider, model }] = plan.targets;
    const first = this.entries.get(provider)!.client;
    const planned = new PlannedProvider(plan, first);
    return { provider: planned, model, plan, id: route.id };
  }

  private upstream(
    provider: Pick<Upstream, "id" | "stream">,
    maxConnections: number,
  ): Upstream {
    return {
      id: provider.id,
      slots: new ConnectionSlots(provider.id, maxConnections, this.clock),
      stream: (request, signal, options) =>
        provider.stream(request, signal, options),
    };
  }
}
