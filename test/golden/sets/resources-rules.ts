/** Where our resources differ from the original's on purpose. The reasons are in docs/compatibility.md, under the same names. */
import { parseDiskGib } from "../../../task/disk.ts"
import type { Answer, GoldenCase, Rule } from "../GoldenSet.ts"
import { sameMeaning } from "../GoldenSet.ts"
import { view } from "../view.ts"

type Kwargs = Readonly<Record<string, unknown>>

/** The original's search for a name leaves these out. */
const notGpus = ["inferentia", "inferentia2", "trainium", "qualcomm ai100"]

/** What the largest disk has that any of our clouds makes. */
export const diskGibMax = 65_536

/** Everything that was said for one key, at first and in the copy. */
const said = ({ in: input }: GoldenCase, key: string): ReadonlyArray<unknown> =>
  [input.kwargs, input.copy].flatMap((kwargs: Kwargs | undefined) => (kwargs !== undefined && key in kwargs ? [kwargs[key]] : []))

const entries = (value: unknown) => (typeof value === "object" && value !== null ? Object.entries(value) : [])
const loose = (out: unknown) =>
  JSON.parse(
    JSON.stringify(out)
      .toLowerCase()
      .replaceAll(/ +(?=['":])/g, "")
  )

/** `ours`: the clouds that skyd runs, or will. */
export const cloudsNotRun = (kwargsOf: (input: GoldenCase["in"]) => ReadonlyArray<Kwargs | undefined>): Rule => ({
  name: "clouds-not-run",
  covers: ({ in: input }) =>
    kwargsOf(input).some(
      (kwargs) => typeof kwargs?.["cloud"] === "string" && !["aws", "gcp", "local", "ssh"].includes(kwargs["cloud"].toLowerCase())
    )
})

interface Helped {
  readonly meaning: (out: unknown) => unknown
  readonly copyOfCompleted: (input: GoldenCase["in"]) => Answer
}

export const resourcesRules = ({ copyOfCompleted, meaning }: Helped): ReadonlyArray<Rule> => [
  {
    name: "accelerator-names",
    covers: (golden, ours) => {
      const isSame = golden.out !== undefined && "out" in ours && sameMeaning(loose(meaning(golden.out)), loose(meaning(ours.out)))
      const words = said(golden, "accelerators").flatMap((value) =>
        typeof value === "string" ? [value.split(":")[0]!] : Object.keys(value ?? {})
      )
      return (
        isSame || words.some((word) => /[.*+?()[\]{}|^$\\]/.test(word) || notGpus.some((name) => name.includes(word.trim().toLowerCase())))
      )
    }
  },
  {
    name: "region-of-its-cloud",
    covers: (golden, ours) =>
      "error" in ours && said(golden, "region").length > 0 && said(golden, "zone").length > 0 && said(golden, "cloud").length === 0
  },
  {
    name: "accelerator-count",
    covers: (golden) =>
      said(golden, "accelerators").some((value) =>
        typeof value === "string"
          ? /:\s*(-|0*\.?0*$)/.test(value)
          : entries(value).some(([, count]) => count === null || Number(count) <= 0)
      )
  },
  {
    name: "one-kind-a-request",
    covers: (golden) => said(golden, "accelerators").some((value) => Array.isArray(value) || entries(value).length > 1)
  },
  {
    name: "accelerator-args",
    covers: (golden) =>
      said(golden, "accelerator_args").some((value) =>
        entries(value).some(([key]) => !["tpu_vm", "runtime_version", "tpu_name"].includes(key))
      )
  },
  { name: "booleans", covers: (golden) => said(golden, "use_spot").some((value) => value !== null && typeof value !== "boolean") },
  {
    name: "disk-size",
    covers: (golden) =>
      said(golden, "disk_size").some((value) =>
        typeof value === "string"
          ? parseDiskGib(value) !== undefined
          : value !== null && !(Number(value) >= 1 && Number(value) <= diskGibMax && Number.isSafeInteger(value))
      )
  },
  {
    name: "image-regions",
    covers: (golden) => {
      const regions = view(String(said(golden, "cloud").at(-1)))?.regions
      const isNowhere = (images: object) =>
        entries(images).length === 0 || entries(images).some(([region]) => regions !== undefined && !regions.includes(region))
      return said(golden, "image_id").some((value) => typeof value === "object" && value !== null && isNowhere(value))
    }
  },
  { name: "none-resets", covers: (golden) => said(golden, "disk_tier").some((value) => String(value).toLowerCase() === "none") },
  { name: "whole-floats", covers: (golden) => /\b\d+\.0\b/.test(golden.error?.message ?? "") },
  {
    name: "copy-of-what-was-said",
    covers: (golden) => {
      if (golden.in.copy === undefined) return false
      const completed = copyOfCompleted(golden.in)
      if ("error" in completed) return golden.error !== undefined && completed.error.classes.includes(golden.error.class)
      return golden.out !== undefined && sameMeaning(meaning(golden.out), meaning(completed.out))
    }
  },
  cloudsNotRun((input) => [input.kwargs, input.copy])
]
