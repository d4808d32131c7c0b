/** The `service` section of a task (SkyServe): parsed, checked, carried and printed. skyd serves nothing itself. */
import * as Schema from "effect/Schema"
import { asInFiles, type Problem, refusal, type Say } from "./Refusal.ts"
import { carriedDepthMax, isPlain, unsaidIn, unsaidWords } from "./unsaid.ts"

/** Carried, and interpreted by nobody here: whatever JSON can say. */
export const PlainMapping = Schema.Record(Schema.String, Schema.Unknown).check(
  Schema.makeFilter((value) => {
    const unsaid = unsaidIn(value, carriedDepthMax)
    return unsaid && { path: unsaid.path, issue: unsaidWords(unsaid, "") }
  })
)

const defaults = { initialDelaySeconds: 1200, upscaleDelaySeconds: 300, downscaleDelaySeconds: 1200 }

const Count = Schema.Int.check(Schema.makeFilter((n) => n >= 0 || "expected a whole number from 0"))
const Amount = Schema.Number.check(Schema.makeFilter((n) => (Number.isFinite(n) && n >= 0) || "expected a number from 0"))
const ProbePath = Schema.String.check(Schema.makeFilter((s) => s.startsWith("/") || `expected a path that begins with /, got '${s}'`))

const jsonOf = (text: string): unknown => {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A mapping, or any JSON as text. */
const PostData = Schema.Union([
  Schema.String.check(
    Schema.makeFilter((text) => {
      const value = jsonOf(text)
      if (value === undefined) return "expected JSON"
      const unsaid = unsaidIn(value, carriedDepthMax)
      return unsaid && unsaidWords(unsaid, unsaid.path.join("."))
    })
  ),
  PlainMapping
])

const Probe = Schema.Struct({
  path: ProbePath,
  initial_delay_seconds: Schema.optionalKey(Amount),
  post_data: Schema.optionalKey(PostData),
  timeout_seconds: Schema.optionalKey(Amount),
  headers: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})

const ReplicaPolicy = Schema.Struct({
  min_replicas: Count,
  max_replicas: Schema.optionalKey(Count),
  target_qps_per_replica: Schema.optionalKey(Amount),
  dynamic_ondemand_fallback: Schema.optionalKey(Schema.Boolean),
  base_ondemand_fallback_replicas: Schema.optionalKey(Count),
  upscale_delay_seconds: Schema.optionalKey(Amount),
  downscale_delay_seconds: Schema.optionalKey(Amount)
})
type ReplicaPolicy = typeof ReplicaPolicy.Type

export const Service = Schema.Struct({
  readiness_probe: Schema.Union([ProbePath, Probe]),
  /** Shorthand for a policy of so many, always. */
  replicas: Schema.optionalKey(Schema.NullOr(Count)),
  replica_policy: Schema.optionalKey(Schema.NullOr(ReplicaPolicy))
})
export type Service = typeof Service.Type

const policyProblem = ({ max_replicas, min_replicas, target_qps_per_replica }: ReplicaPolicy, say: Say): string | undefined => {
  const [most, least, qps] = ["max_replicas", "min_replicas", "target_qps_per_replica"].map(say)
  if (max_replicas !== undefined && max_replicas < min_replicas) return `${most} (${max_replicas}) is less than ${least} (${min_replicas})`
  if (target_qps_per_replica !== undefined && max_replicas === undefined) return `${qps} needs ${most}`
  if (max_replicas !== undefined && max_replicas !== min_replicas && target_qps_per_replica === undefined)
    return `${most} above ${least} needs ${qps}, by which it scales`
  return undefined
}

export const serviceProblem = ({ replica_policy, replicas }: Service, say: Say = asInFiles): Problem | undefined => {
  if (typeof replicas === "number" && replica_policy)
    return { path: [], refusal: refusal("ValueError", "replicas and replica_policy exclude each other") }
  const problem = replica_policy ? policyProblem(replica_policy, say) : undefined
  return problem === undefined ? undefined : { path: ["replica_policy"], refusal: refusal("ValueError", problem) }
}

/** A mapping as one, whatever else JSON can say as its text: so a service takes them. */
const canonicalBody = (body: typeof PostData.Type): typeof PostData.Type => {
  const value = typeof body === "string" ? jsonOf(body) : body
  return isPlain(value) ? (value as typeof PlainMapping.Type) : JSON.stringify(value)
}

/** With every default filled in: one form of the probe, one of the policy. */
export const canonicalService = ({ readiness_probe, replica_policy, replicas }: Service) => {
  const probe = typeof readiness_probe === "string" ? { path: readiness_probe } : readiness_probe
  const { post_data } = probe
  return {
    readiness_probe: {
      ...probe,
      initial_delay_seconds: probe.initial_delay_seconds ?? defaults.initialDelaySeconds,
      ...(post_data === undefined ? {} : { post_data: canonicalBody(post_data) })
    },
    replica_policy: {
      upscale_delay_seconds: defaults.upscaleDelaySeconds,
      downscale_delay_seconds: defaults.downscaleDelaySeconds,
      ...(replica_policy ?? { min_replicas: replicas ?? 1 })
    }
  }
}
export type CanonicalService = ReturnType<typeof canonicalService>
