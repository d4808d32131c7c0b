/**
 * The instances that carry labels of ours, in all zones of the project at once: one list for everybody who asks at a time. A list may not
 * have what was made a moment ago, and a zone that does not answer is no empty zone.
 */
import * as Effect from "effect/Effect"
import { sharedLists } from "../../rented/lists.ts"
import { type Instance, lastPart } from "./api.ts"
import type { Gcp } from "./client.ts"
import { isNotThere } from "./errors.ts"
import { asLabel, labelNames } from "./names.ts"

export interface Listed {
  readonly instances: ReadonlyArray<Instance>
  /** Zones that did not answer, and why. */
  readonly silent: ReadonlyMap<string, string>
}

const pageSize = 500
type Warning = { readonly code?: string | null; readonly message?: string | null } | null | undefined
/** Of a zone in a list: all but that it answered, and has none. */
export const isSilence = (warning: Warning): warning is { readonly code: string; readonly message?: string | null } =>
  warning?.code != null && warning.code !== "NO_RESULTS_ON_PAGE"

export const makeInstances = (gcp: Gcp) => {
  const labelled = (name: string, value: string | null) =>
    gcp.ask("instances.aggregatedList", "", async ({ instances, project }, options): Promise<Listed> => {
      const found: Array<Instance> = []
      const silent = new Map<string, string>()
      const request = {
        project,
        filter: value === null ? `labels.${name}:*` : `labels.${name} = "${asLabel(value)}"`,
        maxResults: pageSize
      }
      for await (const [scope, { instances: some, warning }] of (await instances()).aggregatedListAsync(request, options)) {
        found.push(...(some ?? []))
        if (isSilence(warning)) silent.set(lastPart(scope), warning.message ?? warning.code)
      }
      return { instances: found, silent }
    })
  const ofLog = sharedLists((log) => labelled(labelNames.log, log))
  return {
    ofLog,
    /** Of any log, whoever's. */
    ofAnyone: labelled(labelNames.log, null),
    /** Of all logs that a state folder has had. */
    ofFolder: (folder: string) => labelled(labelNames.folder, folder),
    /** One by its name, seen as it is now; undefined where there is none. */
    named: (zone: string, name: string) =>
      gcp
        .ask("instances.get", zone, async ({ instances, project }, options) => {
          const [found] = await (await instances()).get({ project, zone, instance: name }, options)
          return found as Instance | undefined
        })
        .pipe(
          Effect.catchIf(
            ({ code }) => isNotThere(code),
            () => Effect.succeed(undefined)
          )
        )
  }
}
export type Instances = ReturnType<typeof makeInstances>
