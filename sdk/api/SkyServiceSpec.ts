/** `sky.SkyServiceSpec`: the `service` section of a task. */
import { present } from "../../task/present.ts"
import { type Maybe, options } from "./arguments.ts"
import { toFile } from "./field-names.ts"
import { orException } from "./from-wire.ts"
import { values } from "./load.ts"
import { printedAs } from "./printed.ts"

export interface SkyServiceSpecOptions {
  /** What is asked of a replica to know that it serves: a path that begins with `/`. */
  readonly readinessPath: string
  /** Seconds; 1200 where nothing is said. */
  readonly initialDelaySeconds?: Maybe<number>
  /** Seconds. */
  readonly readinessTimeoutSeconds?: Maybe<number>
  readonly readinessHeaders?: Maybe<Readonly<Record<string, string>>>
  /** A body for the question, which is then a POST. */
  readonly postData?: Maybe<string | Readonly<Record<string, unknown>>>
  /** 1 where nothing is said. */
  readonly minReplicas?: Maybe<number>
  readonly maxReplicas?: Maybe<number>
  /** Requests a second that one replica takes, by which their number follows. */
  readonly targetQpsPerReplica?: Maybe<number>
  readonly dynamicOndemandFallback?: Maybe<boolean>
  readonly baseOndemandFallbackReplicas?: Maybe<number>
  /** Seconds; 300 where nothing is said. */
  readonly upscaleDelaySeconds?: Maybe<number>
  /** Seconds; 1200 where nothing is said. */
  readonly downscaleDelaySeconds?: Maybe<number>
}

const names = [
  "readinessPath",
  "initialDelaySeconds",
  "readinessTimeoutSeconds",
  "readinessHeaders",
  "postData",
  "minReplicas",
  "maxReplicas",
  "targetQpsPerReplica",
  "dynamicOndemandFallback",
  "baseOndemandFallbackReplicas",
  "upscaleDelaySeconds",
  "downscaleDelaySeconds"
] as const

const asSection = (given: SkyServiceSpecOptions) => {
  const { initialDelaySeconds, postData, readinessHeaders, readinessPath, readinessTimeoutSeconds, ...policy } = given
  return {
    readiness_probe: present({
      path: readinessPath,
      initial_delay_seconds: initialDelaySeconds,
      timeout_seconds: readinessTimeoutSeconds,
      headers: readinessHeaders,
      post_data: postData
    }),
    replica_policy: present(toFile({ ...policy, minReplicas: policy.minReplicas ?? 1 }))
  }
}

/** A section that was checked before. */
const section = Symbol("section")
type Section = ReturnType<typeof import("./values.ts").serviceFrom>
interface Sectioned extends SkyServiceSpecOptions {
  readonly [section]: Section
}
const isSectioned = (given: SkyServiceSpecOptions): given is Sectioned => typeof given === "object" && given !== null && section in given

/** A service as a task describes one. Immutable. It is checked, carried and printed: skyd serves nothing itself. */
export class SkyServiceSpec {
  readonly #section: Section

  constructor(given: SkyServiceSpecOptions) {
    this.#section = isSectioned(given)
      ? given[section]
      : orException(() => values().serviceFrom(asSection(options<SkyServiceSpecOptions>(given, names, "SkyServiceSpec")), "options"))
  }

  static {
    printedAs(SkyServiceSpec.prototype, SkyServiceSpec.prototype.toYamlConfig)
  }

  /** Of a task file's `service` section. */
  static fromYamlConfig(config: Readonly<Record<string, unknown>>): SkyServiceSpec {
    const checked = orException(() => values().serviceFrom(config, "section"))
    const asked: Sectioned = { readinessPath: checked.readiness_probe.path, [section]: checked }
    return new SkyServiceSpec(asked)
  }

  /** The section, every default filled in. */
  toYamlConfig(): Record<string, unknown> {
    return { ...structuredClone(this.#section) }
  }

  /** As `toYamlConfig`. */
  toJSON(): Record<string, unknown> {
    return this.toYamlConfig()
  }

  /** In a line: `SkyServiceSpec(GET /health, 1 to 3 replicas)`. */
  toString(): string {
    const { readiness_probe: probe, replica_policy: policy } = this.#section
    const { max_replicas: most = policy.min_replicas, min_replicas: least } = policy
    const count = `${most === least ? "" : `${least} to `}${most} ${most === 1 ? "replica" : "replicas"}`
    return `SkyServiceSpec(${probe.post_data === undefined ? "GET" : "POST"} ${probe.path}, ${count})`
  }
}
