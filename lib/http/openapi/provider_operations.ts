/** Where models come from: providers, routes, who may use which model. */
import * as z from "zod";
import {
  newProviderSchema,
  newRouteSchema,
  providerPatchSchema,
  providerTrialSchema,
  routePatchSchema,
} from "@/lib/llm/catalog/provider_input.ts";
import { modelSettingsPatchSchema } from "@/lib/http/model_settings.ts";
import { allOf, type Chapter, objectAnswer, one } from "./operation.ts";

const REMOVED = { description: "It is gone; what runs ends normally." };

export const PROVIDERS: Chapter = {
  tag: "Providers and models",
  description:
    "Who serves models. What is changed here holds in every process within a second; answers that run end where they began.",
  operations: {
    "/api/providers": {
      GET: {
        summary: "Lists providers, and how they do in this process",
        answers: { 200: allOf("ProviderDetails") },
      },
      POST: {
        summary: "Adds a provider",
        description: "Its key is kept encrypted, and is shown nowhere.",
        body: newProviderSchema,
        answers: { 201: one("ProviderDetails", "The provider.") },
      },
    },
    "/api/providers/:provider": {
      GET: {
        summary: "Shows a provider",
        answers: { 200: one("ProviderDetails", "The provider.") },
      },
      PATCH: {
        summary: "Changes a provider, drains it, switches it off or on",
        description:
          "One of the settings can only be switched. An address at another server needs its key anew.",
        body: providerPatchSchema,
        isVersioned: true,
        answers: { 200: one("ProviderDetails", "The provider.") },
      },
      DELETE: {
        summary: "Removes a provider that was added",
        query: {
          force:
            "`true` removes it also while answers or routes use it, which is refused otherwise.",
        },
        isVersioned: true,
        answers: { 204: REMOVED },
      },
    },
    "/api/providers/:provider/test": {
      POST: {
        summary: "Tries whether a provider can be asked",
        description: "Asks it for its models, which costs nothing.",
        body: z.strictObject({}),
        isBodyOptional: true,
        answers: { 200: one("ProviderTest", "What came of it, in words.") },
      },
    },
    "/api/providers/test": {
      POST: {
        summary: "Tries whether a provider that is not kept could be asked",
        body: providerTrialSchema,
        answers: { 200: one("ProviderTest", "What came of it, in words.") },
      },
    },
    "/api/providers/local": {
      GET: {
        summary: "Lists model servers found on this machine",
        answers: { 200: allOf(null) },
      },
      POST: {
        summary: "Uses a model server of this machine from now on",
        body: z.strictObject({ id: z.enum(["ollama", "lm-studio"]) }),
        answers: { 200: objectAnswer("The server.") },
      },
    },
    "/api/models/settings": {
      GET: {
        summary: "Shows which models the people of the workspace may ask",
        answers: { 200: one("ModelSettings", "All models.") },
      },
      PATCH: {
        summary:
          "Changes which models lists show, who may ask them, and the default",
        description:
          "A model is named by what its names lead to: `<provider>/<model>`, or the id of a route. What a route may lead to is not looked at.",
        body: modelSettingsPatchSchema,
        isVersioned: true,
        answers: { 200: one("ModelSettings", "All models.") },
      },
    },
    "/api/routes": {
      GET: {
        summary: "Lists routes",
        answers: { 200: allOf("RouteDetails") },
      },
      POST: {
        summary: "Adds a route",
        body: newRouteSchema,
        answers: { 201: one("RouteDetails", "The route.") },
      },
    },
    "/api/routes/:route": {
      GET: {
        summary: "Shows a route",
        answers: { 200: one("RouteDetails", "The route.") },
      },
      PATCH: {
        summary: "Changes a route, switches it off or on",
        description: "One of the settings can only be switched.",
        body: routePatchSchema,
        isVersioned: true,
        answers: { 200: one("RouteDetails", "The route.") },
      },
      DELETE: {
        summary: "Removes a route that was added",
        isVersioned: true,
        answers: { 204: REMOVED },
      },
    },
  },
};
