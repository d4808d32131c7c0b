/** Where our task files differ from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import { type Document, parseAllDocuments, visit } from "yaml"
import { nodesMax } from "../../../task/Task.ts"
import type { Answer, GoldenCase, Rule } from "../GoldenSet.ts"
import { sameMeaning } from "../GoldenSet.ts"
import { cloudsNotRun, diskGibMax } from "./resources-rules.ts"
import { meaning } from "./task-described.ts"

type Fields = Readonly<Record<string, unknown>>
type Version = "core" | "yaml-1.1"

const textOf = ({ in: input }: GoldenCase): string => input.yaml ?? ""
const documents = (text: string, schema: Version, uniqueKeys = false): ReadonlyArray<Document> => {
  const parsed = parseAllDocuments(text, { schema, merge: true, uniqueKeys, prettyErrors: false })
  return Array.isArray(parsed) ? parsed : []
}
const readAs = (text: string, schema: Version): unknown => {
  try {
    return documents(text, schema).map((document) => document.toJS())
  } catch {
    return undefined
  }
}
const fieldsOf = (text: string): Fields => ((readAs(text, "core") as ReadonlyArray<unknown> | undefined)?.[0] ?? {}) as Fields
const resourcesOf = (text: string): Fields => (fieldsOf(text)["resources"] ?? {}) as Fields

/** Whether some plain scalar is one value in YAML 1.1 and another in 1.2, or a key is no text. */
const readsTwoWays = (text: string): boolean => {
  if (JSON.stringify(readAs(text, "core")) !== JSON.stringify(readAs(text, "yaml-1.1"))) return true
  const twice = documents(text, "core", true).some(({ errors }) => errors.some(({ code }) => code === "DUPLICATE_KEY"))
  const keys: Array<unknown> = []
  for (const document of documents(text, "core")) {
    visit(document, {
      Scalar: (key, node) => {
        if (key === "key") keys.push(node.value)
      }
    })
  }
  return twice || keys.includes(null) || /: \d+e\d+$/m.test(text)
}

const without = (field: string, out: unknown): unknown => ({ ...(meaning(out) as Fields), [field]: null })
const sameBut = (field: string, golden: GoldenCase, ours: Answer) =>
  golden.out !== undefined &&
  "out" in ours &&
  golden.out.tasks === undefined &&
  sameMeaning(without(field, golden.out), without(field, ours.out))

const isLarge = (value: unknown) => typeof value === "number" && value > nodesMax
const envNames = ({ in: input }: GoldenCase) =>
  ((input.env_overrides ?? []) as ReadonlyArray<readonly [string, string]>).map(([name]) => name)

export const taskYamlRules: ReadonlyArray<Rule> = [
  { name: "no-accidents", covers: ({ error }) => error?.internal === true },
  {
    name: "envs",
    covers: (golden, ours) =>
      sameBut("envs", golden, ours) ||
      Object.values(golden.in.kwargs?.envs ?? {}).some((value) => typeof value !== "string") ||
      envNames(golden).some((name) => /^\d/.test(name)) ||
      (golden.in.api === "dag" && envNames(golden).length > 0)
  },
  {
    name: "substitution",
    covers: (golden, ours) => {
      if ("error" in ours && ours.error.message.includes("become one")) return true
      const { envs, workdir } = fieldsOf(textOf(golden))
      const quoted = Object.values((envs ?? {}) as Fields).some((value) => /["\\]/.test(String(value)))
      return quoted || /\$\{\w+[^\w}]/.test(textOf(golden)) || /\$(?!TMP)/.test(String(workdir))
    }
  },
  { name: "bucket-schemes", covers: (golden) => /"(https?|azure):/.test(textOf(golden)) },
  {
    name: "amounts",
    covers: (golden) =>
      /[:\s]-\d/.test(textOf(golden)) ||
      /"( \d|\d+ \+)"?/.test(textOf(golden)) ||
      isLarge(fieldsOf(textOf(golden))["num_nodes"]) ||
      Number(/disk_size: (\d+)$/m.exec(textOf(golden))?.[1]) > diskGibMax ||
      /any_of: \[\]/.test(textOf(golden))
  },
  { name: "whole-floats", covers: ({ error }) => /\b\d+\.0\b/.test(error?.message ?? "") },
  {
    name: "fields",
    covers: (golden) =>
      ["infra", "labels", "job_recovery", "_requires_fuse", "_is_image_managed"].some((field) => field in resourcesOf(textOf(golden)))
  },
  {
    name: "forms",
    covers: ({ error }) => /None is not|'\w+' is not of type 'boolean'|'\d+'\} is not valid/.test(error?.message ?? "")
  },
  { name: "order-of-checks", covers: ({ error }, ours) => error?.suggestions !== undefined && "error" in ours },
  cloudsNotRun((input) => [resourcesOf(input.yaml ?? "")]),
  { name: "accelerator-names", covers: (golden) => /accelerators: " | :\d"/.test(textOf(golden)) },
  { name: "yaml", covers: (golden) => readsTwoWays(textOf(golden)) }
]
