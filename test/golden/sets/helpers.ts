/** Small functions of the original. What it prints for people is not compared: our words are our own. */
import { bucketNameProblem, bucketOf, isUrl } from "../../../task/bucket-names.ts"
import { isTierAtMost } from "../../../task/disk.ts"
import { badPort, portTexts } from "../../../task/ports.ts"
import type { Answer, GoldenCase, GoldenSet } from "../GoldenSet.ts"

type Input = GoldenCase["in"]
const refuse = (name: string, message: string): Answer => ({ error: { classes: [name], message } })

const ofPorts = ({ ports }: Input, value: (ports: ReadonlyArray<string>) => unknown): Answer => {
  const bad = badPort(ports)
  return bad === undefined ? { out: value(ports) } : refuse("ValueError", `'${bad}' is no port`)
}
const eachPort = (range: string) => {
  const [from = 0, to = from] = range.split("-").map(Number)
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}
const bucket = (store: "S3" | "GCS", { name }: Input): Answer => {
  const problem = bucketNameProblem(store, name)
  return problem === undefined ? { out: name } : refuse("StorageNameError", problem)
}
const split = ({ url }: Input): Answer => {
  const found = bucketOf(url)
  return found === undefined ? refuse("ValueError", `${url} is no bucket`) : { out: [found.bucket, found.path] }
}

const answers: Readonly<Record<string, (input: Input) => Answer>> = {
  simplify_ports: (input) => ofPorts(input, portTexts),
  port_ranges_to_set: (input) => ofPorts(input, (ports) => portTexts(ports).flatMap(eachPort)),
  disk_tier_le: ({ a, b }) => ({ out: isTierAtMost(a, b) }),
  s3_bucket_name_valid: (input) => bucket("S3", input),
  gcs_bucket_name_valid: (input) => bucket("GCS", input),
  is_cloud_store_url: ({ url }) => ({ out: isUrl(url) }),
  split_s3_path: split,
  split_gcs_path: split
}

const answer = (input: Input): Answer => answers[input.op]?.(input) ?? refuse("", `${input.op} is not ours`)

const ops = (name: string, covered: ReadonlyArray<string>) => ({ name, covers: ({ in: input }: GoldenCase) => covered.includes(input.op) })

export const helpers: GoldenSet = {
  name: "helpers",
  answer,
  rules: [
    ops("own-words", ["readable_time_duration", "format_float", "dump_yaml"]),
    ops("one-task-no-egress", ["egress_cost", "egress_time_other_cloud_s"]),
    ops("disks-of-clouds", ["disk_specs"]),
    ops("no-ray", ["schedulable_non_gpu_accelerator"])
  ]
}
